/** A run that was given pictures keeps them in its folder; it is repeated and gone on with bit for bit, and the report shows them. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRng, decodeImage, openRun, replay, resume, runHead, savedOptions, saveRun, syncDiffusion, type Tensor } from "veduta";
import { afterAll, expect, test } from "vitest";
import { createRunWriter } from "#kernel-lib/runs/run-writer.js";
import { writeSafetensors } from "#kernel-lib/weights/safetensors.js";
import { finish, toy } from "../methods/joint/toy.js";

const root = mkdtempSync(join(tmpdir(), "veduta-run-given-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const facts = { device: "cpu", precision: "float32", threads: 1, digest: "toy", path: "toy" } as const;
const model = () => ({ ...toy(), ...facts });
const rng = createRng(1);
// not in 255ths: a PNG alone would lose something
const random = (height: number, width: number): Tensor => ({
  data: Float32Array.from({ length: 3 * height * width }, () => rng.uniform()),
  shape: [1, 3, height, width],
});
const init = random(16, 64);
const anchorImage = { image: random(20, 24), fit: "crop" } as const;
const options = { prompt: "hills", seed: 3, steps: 6, width: 64, weight: 0.02, init, strength: 0.7, anchorImage };

test("the folder holds the numbers and a picture of each; run.json names them; replay is the same bit for bit", async () => {
  const dir = join(root, "whole");
  const run = syncDiffusion(model(), options);
  const { steps, result } = await finish(run);
  const saved = await saveRun(dir, { ...runHead("sync", run, model()), steps, result }, { report: "none" });
  expect(saved.info.options).toMatchObject({
    strength: 0.7,
    init: { file: "given/init.safetensors", shape: [1, 3, 16, 64], sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    anchorImage: { file: "given/anchor.safetensors", shape: [1, 3, 16, 16] },
  });
  expect(readFileSync(join(dir, "run.json"), "utf8")).not.toContain('float32":');
  expect((await decodeImage(join(dir, "given/init.png"))).shape).toEqual([1, 3, 16, 64]);
  expect((await decodeImage(join(dir, "given/anchor.png"))).shape).toEqual([1, 3, 16, 16]);
  const again = replay(await openRun(dir), model()) as typeof run;
  const { init: kept, anchorImage: anchor, strength } = run.options;
  expect(again.options).toMatchObject({ init: kept, anchorImage: anchor, strength });
  expect((await finish(again)).result.latent).toEqual(result.latent);

  writeSafetensors(join(dir, "given/init.safetensors"), { image: { ...init, data: init.data.map((x) => 1 - x) } });
  expect(() => savedOptions(saved)).toThrow(
    /given\/init\.safetensors: expected the numbers of options\.init, sha256 .*found other numbers/,
  );
  const plain = syncDiffusion(model(), { prompt: "hills", seed: 3, steps: 2, width: 64 });
  await saveRun(dir, { ...runHead("sync", plain, model()), ...(await finish(plain)) }, { report: "none", existing: "replace" });
  expect(existsSync(join(dir, "given"))).toBe(false);
});

test("a stopped run goes on to the same picture, from every step", async () => {
  const whole = (await finish(syncDiffusion(model(), options))).steps.length;
  expect(whole).toBe(4);
  const direct = join(root, "direct");
  const second = syncDiffusion(model(), options);
  const saved = await saveRun(direct, { ...runHead("sync", second, model()), ...(await finish(second)) }, { report: "none" });
  for (const stop of [1, 3]) {
    const dir = join(root, `stopped-${stop}`);
    const run = syncDiffusion(model(), options);
    const writer = await createRunWriter(dir, runHead(run.method, run, model()), { foreseenEvery: 0 });
    for (let k = 0; k < stop; k++) await writer.step((await run.next()).value as never);
    expect((await resume(dir, model(), { report: "none", foreseenEvery: 0 })).panorama).toEqual(saved.panorama);
  }
});

test("a run of strength 0 has no step, and a folder that opens", async () => {
  const dir = join(root, "none");
  const run = syncDiffusion(model(), { ...options, strength: 0 });
  const saved = await saveRun(dir, { ...runHead("sync", run, model()), ...(await finish(run)) });
  expect(saved).toMatchObject({ steps: [], info: { complete: true } });
  expect(readFileSync(join(dir, "report.html"), "utf8")).toContain("The picture that it started from");
});
