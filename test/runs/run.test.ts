import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { CheckpointError } from "#kernel-lib/core/errors.js";
import { decodeImage, imageBytes, readXmp } from "#kernel-lib/core/image.js";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { tensor } from "#kernel-lib/core/tensor.js";
import { syncDiffusion } from "#kernel-lib/methods/joint/syncdiffusion.js";
import { report } from "#kernel-lib/pages/report.js";
import { reportRun, saveRun } from "#kernel-lib/pages/save-run.js";
import { coverageOf, parseGpano } from "#kernel-lib/panorama/gpano.js";
import { folderHolds, openRun } from "#kernel-lib/runs/run-folder.js";
import { savedOptions } from "#kernel-lib/runs/run-options.js";
import { createRunWriter } from "#kernel-lib/runs/run-writer.js";
import { paintedRun } from "../fixtures/painted-run.js";
import { finish, toy } from "../methods/joint/toy.js";

const root = mkdtempSync(join(tmpdir(), "veduta-run-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const fresh = (): string => join(root, `run-${folders++}`);
const files = (dir: string): string[] => readdirSync(dir, { recursive: true }).map(String).sort();
const built = existsSync(new URL("../../dist/viewer/veduta-viewer.js", import.meta.url));

describe.skipIf(!built)("a run on disk (needs the built viewer: npm run build)", () => {
  const small = { steps: 3, width: 192, height: 32, stride: 1 } as const;

  test("shares the viewer's script with the other runs beside it, or has no report, where that is asked for", async () => {
    const parent = fresh();
    for (const name of ["a", "b"]) await saveRun(join(parent, name), paintedRun({ steps: 2 }), { report: "shared" });
    const pages = ["a", "b"].map((name) => readFileSync(join(parent, name, "report.html"), "utf8"));
    for (const page of pages) {
      expect(page).toContain('<script src="../veduta-viewer.js"></script>');
      expect(page.length).toBeLessThan(500_000 + readFileSync(join(parent, "a", "panorama.png")).length * 2);
    }
    expect(existsSync(join(parent, "veduta-viewer.js"))).toBe(true);
    await saveRun(join(parent, "c"), paintedRun({ steps: 2 }), { report: "none" });
    expect(existsSync(join(parent, "c", "report.html"))).toBe(false);
    expect((await openRun(join(parent, "c"))).steps).toHaveLength(2);
  });
  test("is the folder of DESIGN, and opens as what was saved", async () => {
    const dir = fresh();
    const run = paintedRun(small);
    const saved = await saveRun(dir, run);
    expect(files(dir)).toEqual([
      "foreseen",
      "foreseen/000.jpg",
      "foreseen/001.jpg",
      "foreseen/002.jpg",
      "panorama.png",
      "report.html",
      "run.json",
      "steps.json",
    ]);
    const opened = await openRun(dir);
    expect(opened).toEqual(saved);
    expect(opened.info).toMatchObject({
      complete: true,
      method: "sync",
      width: 192,
      height: 32,
      model: run.model,
      options: { seed: 7, prompt: "mountains in the evening" },
    });
    expect(opened.steps.map(({ seconds: _, ...step }) => step)).toEqual(run.steps.map(({ preview: _, ...step }) => step));
    expect(opened.panorama && imageBytes(opened.panorama)).toEqual(imageBytes(run.result.panorama));
    expect(opened.foreseen.map(({ step }) => step)).toEqual([0, 1, 2]);
    expect((await decodeImage(opened.foreseen[1].file)).shape).toEqual([1, 3, 32, 192]);
    expect(await reportRun(opened)).toBe(readFileSync(join(dir, "report.html"), "utf8"));
  });

  test("its panorama.png declares what run.json says it covers", async () => {
    for (const loop of [true, false]) {
      const { info, dir } = await saveRun(fresh(), paintedRun({ ...small, loop }));
      const gpano = parseGpano((await readXmp(join(dir, "panorama.png"))) ?? "");
      expect(gpano).toMatchObject({ croppedWidth: 192, croppedHeight: 32 });
      expect(gpano && coverageOf(gpano).horizontal).toBeCloseTo(info.coverage.horizontal, 9);
    }
  });

  test("repeats bit for bit from its options alone, drawn seed, given latent and embeddings included", async () => {
    const model = toy();
    const latent = randn(createRng(9), [1, 4, 8, 32]);
    for (const given of [
      { prompt: "hills", steps: 4 },
      { latent, text: randn(createRng(2), [2, 3, 5]), steps: 3, anchor: 1 },
    ]) {
      const run = syncDiffusion(model, given);
      const { steps, result } = await finish(run);
      const head = {
        method: "sync",
        options: run.options,
        model: { name: "toy", digest: "0", device: "cpu", threads: 1 },
        batch: { noise: 1, gradient: 1 },
        scaleFactor: 2,
      } as const;
      const saved = await openRun((await saveRun(fresh(), { ...head, steps, result })).dir);
      const again = await finish(syncDiffusion(model, savedOptions(saved)));
      expect(again.result.latent.data).toEqual(result.latent.data);
    }
  });

  test("a run that was stopped opens with the steps it had, and shows the last foreseen picture", async () => {
    const dir = fresh();
    const run = paintedRun(small);
    const writer = await createRunWriter(dir, run, { page: report });
    await writer.step(run.steps[0]);
    await writer.step(run.steps[1]);
    const saved = await writer.abort(new Error("NaN in step 2"));
    expect(saved.info).toMatchObject({ complete: false, stopped: "NaN in step 2" });
    expect(saved.steps).toHaveLength(2);
    expect(saved.panorama).toBeUndefined();
    const html = readFileSync(join(dir, "report.html"), "utf8");
    expect(html).toContain("This run stopped after 2 steps: NaN in step 2.");
    expect(html).toContain(`src="data:image/jpeg;base64,${readFileSync(join(dir, "foreseen/001.jpg")).toString("base64")}"`);
    expect((await (await createRunWriter(fresh(), run, { page: report })).abort("no step was done")).steps).toEqual([]);
  });

  test("opens at every moment, as if its process had been killed there", async () => {
    const dir = fresh();
    const run = paintedRun(small);
    const writer = await createRunWriter(dir, run, { page: report });
    const seen: number[] = [];
    for (const step of run.steps) {
      await writer.step(step);
      const { info, steps } = await openRun(dir);
      expect(info.complete).toBe(false);
      seen.push(steps.length);
    }
    expect(seen).toEqual([1, 2, 3]);
    await writer.finish(run.result);
    expect(files(dir).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  test("a process killed in the middle leaves a folder that opens", async () => {
    const dir = fresh();
    const script = `
      const { createRunWriter } = await import(process.argv[1]);
      const image = { data: new Float32Array(3 * 64 * 512).fill(0.5), shape: [1, 3, 64, 512] };
      const windows = [{ top: 0, left: 0, height: 8, width: 8 }];
      const writer = await createRunWriter(process.argv[2], { method: "multi", options: { width: 512, height: 64, loop: true, steps: 9999, guidanceScale: 1, windows },
        model: { name: "m", digest: "d", device: "cpu", threads: 1 }, batch: { noise: 1, gradient: 1 }, scaleFactor: 8 }, { page: () => "" });
      for (let index = 0; ; index++) {
        await writer.step({ index, timestep: 1, weight: 0, anchor: -1, windows, preview: async () => image });
        if (index === 5) console.log("going");
      }`;
    const child = spawn(process.execPath, [
      "--input-type=module",
      "-e",
      script,
      new URL("../../dist/kernel-lib/runs/run-writer.js", import.meta.url).href,
      dir,
    ]);
    await new Promise<void>((resolve) => child.stdout.once("data", () => resolve()));
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
    const { info, steps } = await openRun(dir);
    expect(info).toMatchObject({ complete: false, stopped: "it was still running" });
    expect(steps.length).toBeGreaterThanOrEqual(6);
  });

  test("keeps every n-th foreseen picture, or none", async () => {
    const run = paintedRun({ ...small, steps: 5 });
    expect((await saveRun(fresh(), run, { foreseenEvery: 2 })).foreseen.map(({ step }) => step)).toEqual([1, 3]);
    const none = await saveRun(fresh(), run, { foreseenEvery: 0 });
    expect(none.foreseen).toEqual([]);
    expect(existsSync(join(none.dir, "foreseen"))).toBe(false);
  });

  test("keeps every foreseen picture of a short run, and about ten of a long one, unless told", async () => {
    const kept = async (steps: number) => (await saveRun(fresh(), paintedRun({ ...small, steps }))).foreseen.map(({ step }) => step);
    expect(await kept(4)).toEqual([0, 1, 2, 3]);
    expect(await kept(40)).toEqual([3, 7, 11, 15, 19, 23, 27, 31, 35, 39]);
  });

  test("is written only where nothing else lies, and over another run only when told", async () => {
    const dir = fresh();
    const run = paintedRun(small);
    mkdirSync(dir);
    expect(await folderHolds(dir)).toBe("nothing");
    await saveRun(dir, run);
    await expect(saveRun(dir, run)).rejects.toThrow(/expected a new or empty folder, found a run/);
    writeFileSync(join(dir, "notes.txt"), "mine");
    await saveRun(dir, paintedRun({ ...small, steps: 2 }), { existing: "replace" });
    expect(files(dir)).not.toContain("foreseen/002.jpg");
    expect(readFileSync(join(dir, "notes.txt"), "utf8")).toBe("mine");

    const other = fresh();
    mkdirSync(other);
    writeFileSync(join(other, "thesis.doc"), "");
    await expect(saveRun(other, run, { existing: "replace" })).rejects.toThrow(/found other files/);
    await expect(saveRun(join(other, "thesis.doc"), run)).rejects.toThrow(/expected a folder, found a file/);
    expect(files(other)).toEqual(["thesis.doc"]);
  });

  test("a report stays under 3 MB for a panorama of the paper's size that no codec likes", { timeout: 180_000 }, async () => {
    const rng = createRng(1);
    const run = paintedRun({ width: 3072, height: 512, stride: 16, steps: 3 });
    const noise = tensor(
      Float32Array.from(run.result.panorama.data, (x) => Math.min(1, Math.max(0, x + 0.2 * rng.normal()))),
      [1, 3, 512, 3072],
    );
    const { dir } = await saveRun(fresh(), {
      ...run,
      steps: run.steps.map((step) => ({ ...step, preview: async () => noise })),
      result: { panorama: noise },
    });
    expect(statSync(join(dir, "report.html")).size).toBeLessThan(3_000_000);
  });

  describe("that does not fit is refused by file and place", () => {
    const good = fresh();
    const spoiled = async (name: string, spoil: (text: string) => string | undefined) => {
      if (!existsSync(good)) await saveRun(good, paintedRun(small));
      const dir = fresh();
      cpSync(good, dir, { recursive: true });
      const text = spoil(readFileSync(join(dir, name), "utf8"));
      if (text === undefined) rmSync(join(dir, name));
      else writeFileSync(join(dir, name), text);
      return openRun(dir);
    };
    const json = (change: (value: Record<string, never>) => void) => (text: string) => {
      const value = JSON.parse(text);
      change(value);
      return JSON.stringify(value);
    };
    const cases: [string, (text: string) => string | undefined, RegExp][] = [
      ["run.json", () => undefined, /run\.json: expected a file of a run, found no file; give the folder/],
      ["run.json", (text) => text.slice(0, 200), /run\.json: expected JSON, found/],
      ["run.json", () => "[]", /run\.json: expected an object, found \[\]/],
      ["run.json", json((v) => Object.assign(v, { format: 2 })), /expected format: 1, found 2/],
      ["run.json", json((v) => Object.assign(v, { method: 7 })), /expected method: a method's name, found 7/],
      ["run.json", json((v) => Object.assign(v, { width: "wide" })), /expected width: a whole number >= 1, found "wide"/],
      ["run.json", json((v) => Object.assign(v.model, { threads: null })), /expected model\.threads: a number, found null/],
      [
        "run.json",
        json((v) => Object.assign(v, { width: 200 })),
        /panorama\.png: expected 200 × 32 pixels, as run\.json says, found 192 × 32/,
      ],
      ["steps.json", () => undefined, /steps\.json: expected a file of a run, found no file/],
      ["steps.json", json((v) => Object.assign(v.steps[1], { windows: {} })), /expected steps\[1\]\.windows: a list, found \{\}/],
      [
        "steps.json",
        json((v) => Object.assign((v.steps as { windows: object[] }[])[2].windows[3], { left: -1 })),
        /expected steps\[2\]\.windows\[3\]\.left: a whole number >= 0, found -1/,
      ],
      [
        "steps.json",
        json((v) => Object.assign((v.steps as { windows: object[] }[])[0].windows[0], { loss: "low" })),
        /windows\[0\]\.loss: a number, found "low"/,
      ],
      ["steps.json", json((v) => Object.assign(v.steps[0], { index: 4 })), /expected steps\[0\]\.index: 0, found 4/],
      ["panorama.png", () => undefined, /panorama\.png: expected a PNG/],
    ];
    test.each(cases)("%s, case %#", async (name, spoil, message) => {
      const opening = spoiled(name, spoil);
      await expect(opening).rejects.toThrow(CheckpointError);
      await expect(opening).rejects.toThrow(message);
    });
    test("a tensor among the options that is not whole", async () => {
      const run = await saveRun(fresh(), paintedRun(small));
      const broken = { ...run, info: { ...run.info, options: { latent: { shape: [1, 4, 2, 2], float32: "AAAA" } } } };
      expect(() => savedOptions(broken)).toThrow(/options\.latent: 16 float32 numbers, found 3 bytes/);
    });
  });
});
