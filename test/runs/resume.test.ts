/** A run of any method is written, opened, repeated and gone on with: from every step it ends in the same picture, bit for bit. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AnyRun,
  allMethods,
  createRng,
  cycleDiffusion,
  type EditResult,
  type EditStep,
  openRun,
  randn,
  regionDiffusion,
  replay,
  resume,
  rows,
  runHead,
  saveRun,
} from "veduta";
import { afterAll, describe, expect, test } from "vitest";
import { imageBytes } from "#kernel-lib/core/image.js";
import { createRunWriter } from "#kernel-lib/runs/run-writer.js";
import { editToy } from "../methods/edit/edit-toy.js";
import { finish } from "../methods/joint/toy.js";

const root = mkdtempSync(join(tmpdir(), "veduta-resume-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const fresh = (): string => join(root, `run-${folders++}`);
const files = (dir: string): string[] => readdirSync(dir, { recursive: true }).map(String).sort();
const model = () => ({ ...editToy(), device: "cpu", precision: "float32", threads: 1, digest: "toy", path: "toy" });

const latent = randn(createRng(4), [1, 4, 8, 8]);
const image = { data: randn(createRng(1), [1, 3, 16, 16]).data.map((x) => 0.5 + 0.5 * Math.tanh(x)), shape: [1, 3, 16, 16] }; // in [0,1]
const edit = { latent, prompt: "night", sourcePrompt: "a noon", seed: 5, steps: 6 };
const masked = { prompt: "hills", seed: 3, steps: 6, width: 64 };
const mask = { data: Float32Array.from({ length: 16 * 64 }, (_, k) => (k % 64) / 63), shape: [1, 1, 16, 64] };
const started: readonly (readonly [string, () => AnyRun])[] = [
  ...allMethods("edit").map((method) => [method.name, () => method.run(model(), edit as never)] as const),
  ...allMethods().map(
    (method) => [method.name, () => method.run(model(), { prompt: "hills", seed: 3, steps: 6, width: 64 } as never)] as const,
  ),
  ["regions with masks", () => regionDiffusion(model(), { ...masked, regions: [{ prompt: "sea", mask }], feather: 4, sync: 0.01 })],
];

const source = { image };
const writer = (dir: string, run: AnyRun) =>
  createRunWriter(dir, runHead(run.method, run, model()), { foreseenEvery: 0, ...(run.method.family === "edit" && { source }) });

/** Runs into a folder; stops after some steps if told, as a kill would: nothing is said of it in run.json. */
async function runInto(dir: string, run: AnyRun, steps = Number.POSITIVE_INFINITY) {
  const out = await writer(dir, run);
  for (let k = 0; ; k++) {
    if (k === steps) return undefined;
    const next = await run.next();
    if (next.done) return out.finish(next.value as EditResult);
    await out.step(next.value as EditStep);
  }
}

describe.each(started)("%s", (_name, start) => {
  test("a replay from its folder is the same picture", async () => {
    const dir = fresh();
    const saved = await runInto(dir, start());
    const again = replay(await openRun(dir), model());
    const { result } = await finish(again as AsyncGenerator<EditStep, EditResult, void>);
    const picture = "image" in result ? result.image : (result as unknown as { panorama: EditResult["image"] }).panorama;
    expect(imageBytes(picture)).toEqual(imageBytes((saved?.image ?? saved?.panorama) as EditResult["image"]));
    expect(existsSync(join(dir, "state.safetensors"))).toBe(false);
  });

  test("killed after any step and resumed, it ends in the same picture with every step", async () => {
    const undisturbed = await runInto(fresh(), start());
    const numbers = undisturbed?.steps.map(({ seconds: _, ...rest }) => rest);
    for (let k = 0; k < (undisturbed?.steps.length ?? 0); k++) {
      const dir = fresh();
      await runInto(dir, start(), k);
      const saved = await resume(dir, model(), { report: "none", foreseenEvery: 0 });
      expect(saved.info.complete).toBe(true);
      expect(readFileSync(join(dir, saved.image ? "edited.png" : "panorama.png"))).toEqual(
        readFileSync(join(undisturbed?.dir ?? "", saved.image ? "edited.png" : "panorama.png")),
      );
      expect(saved.steps.map(({ index }) => index)).toEqual(numbers?.map(({ index }) => index));
      // DDIB's distance needs the whole encoding, which a resumed run has not
      if (saved.info.method !== "ddib") expect(saved.steps.map(({ seconds: _, ...rest }) => rest)).toEqual(numbers);
    }
  });
});

describe("an edit's folder", () => {
  const run = () => cycleDiffusion(model(), edit);

  test("holds source, edit, both paths, and opens as what was saved", async () => {
    const dir = fresh();
    const started = run();
    const { steps, result } = await finish(started);
    const saved = await saveRun(dir, { ...runHead("cycle", started, model()), steps, result }, { report: "none", source });
    expect(files(dir)).toEqual([
      "edited.png",
      "foreseen",
      ...steps.map((_, k) => `foreseen/00${k}.jpg`),
      "run.json",
      "source",
      "source.png",
      ...steps.map((_, k) => `source/00${k}.jpg`),
      "steps.json",
    ]);
    expect(await openRun(dir)).toEqual(saved);
    expect(saved.info).toMatchObject({ family: "edit", method: "cycle", width: 16, height: 16, source: { name: "tensor" } });
    expect(saved.info.source?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(saved.steps[0]).toMatchObject({ windows: [], pictures: [{ distance: steps[0].series.distance }] });
    expect(imageBytes(saved.image as EditResult["image"])).toEqual(imageBytes(result.image));
  });

  test("is refused without its source, with several pictures, or with a source of another size", async () => {
    const head = runHead("cycle", run(), model());
    await expect(createRunWriter(fresh(), head)).rejects.toThrow(/got an edit without its source/);
    const wrong = { image: rows({ data: new Float32Array(3 * 64), shape: [1, 3, 8, 8] }, 0, 1) };
    await expect(createRunWriter(fresh(), head, { source: wrong })).rejects.toThrow(/source: got \[1,3,8,8\], want \[1,3,16,16\]/);
    const two = cycleDiffusion(model(), { ...edit, latent: randn(createRng(1), [2, 4, 8, 8]) });
    await expect(createRunWriter(fresh(), runHead("cycle", two, model()), { source })).rejects.toThrow(/got 2 pictures, want one/);
  });

  test("a closed panorama's edit carries GPano tags, a picture's does not", async () => {
    const wide = cycleDiffusion(model(), { ...edit, latent: randn(createRng(1), [1, 4, 8, 32]), loop: true });
    const { steps, result } = await finish(wide);
    const dir = fresh();
    const strip = { image: { data: new Float32Array(3 * 16 * 64), shape: [1, 3, 16, 64] } };
    await saveRun(dir, { ...runHead("cycle", wide, model()), steps, result }, { report: "none", foreseenEvery: 0, source: strip });
    expect(readFileSync(join(dir, "edited.png")).includes("GPano")).toBe(true);
    const plain = fresh();
    await runInto(plain, run());
    expect(readFileSync(join(plain, "edited.png")).includes("GPano")).toBe(false);
  });
});

describe("replay and resume refuse", () => {
  test("another model, a complete run, a broken state", async () => {
    const dir = fresh();
    await runInto(dir, cycleDiffusion(model(), edit), 3);
    const other = { ...model(), digest: "other" };
    await expect(resume(dir, other)).rejects.toThrow(/expected the model that made the run, digest toy, found digest other/);
    writeFileSync(join(dir, "state.safetensors"), "123");
    await expect(resume(dir, model())).rejects.toThrow(/state.safetensors: expected a safetensors file/);
    const done = fresh();
    await runInto(done, cycleDiffusion(model(), edit));
    await expect(resume(done, model())).rejects.toThrow(/expected a run that was stopped, found a complete one/);
  });

  test("a state of another shape, or past the run's end", async () => {
    const go = (state: object) => finish(cycleDiffusion(model(), { ...edit, resume: state as never }));
    await expect(go({ index: 1, latent: randn(createRng(1), [1, 4, 4, 4]) })).rejects.toThrow(
      /resume: latent: got \[1,4,4,4\], want \[1,4,8,8\]/,
    );
    await expect(go({ index: 6, latent })).rejects.toThrow(/index 6, want a finished step of 6, from 0 to 5/);
  });
});
