/** A run under control keeps its conditions in its folder; it is repeated and gone on with bit for bit. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createRng,
  decodeImage,
  multiDiffusion,
  openRun,
  replay,
  resume,
  runHead,
  savedOptions,
  saveRun,
  type Tensor,
  tensor,
} from "veduta";
import { afterAll, expect, test } from "vitest";
import { createRunWriter } from "#kernel-lib/runs/run-writer.js";
import { writeSafetensors } from "#kernel-lib/weights/safetensors.js";
import { controlToy } from "../methods/joint/control-toy.js";
import { finish } from "../methods/joint/toy.js";

const root = mkdtempSync(join(tmpdir(), "veduta-run-control-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const facts = { device: "cpu", precision: "float32", threads: 1, digest: "toy", path: "toy" } as const;
const model = () => ({ ...controlToy(["skyline", "canny"]), ...facts });
const rng = createRng(1);
// not in 255ths: a PNG alone would lose something
const image: Tensor = tensor(
  Float32Array.from({ length: 16 * 64 }, () => rng.uniform()),
  [1, 1, 16, 64],
);
const other: Tensor = tensor(
  Float32Array.from({ length: 3 * 16 * 64 }, () => rng.uniform()),
  [1, 3, 16, 64],
);
const options = {
  prompt: "hills",
  seed: 3,
  steps: 4,
  width: 64,
  control: [
    { image, end: 0.5 },
    { image: other, net: 1, scale: 0.3 },
  ],
};

test("the folder holds the numbers and a picture of each condition; run.json names them; replay is the same bit for bit", async () => {
  const dir = join(root, "whole");
  const run = multiDiffusion(model(), options);
  const { steps, result } = await finish(run);
  const saved = await saveRun(dir, { ...runHead("multi", run, model()), steps, result }, { report: "none" });
  expect(saved.info.model.control).toEqual(["skyline", "canny"]);
  expect(saved.info.options.control).toMatchObject([
    { net: 0, scale: 1, end: 0.5, image: { file: "control/1.safetensors", shape: [1, 1, 16, 64] } },
    { net: 1, scale: 0.3, image: { file: "control/2.safetensors", shape: [1, 3, 16, 64] } },
  ]);
  expect(readFileSync(join(dir, "run.json"), "utf8")).not.toContain('float32":');
  expect((await decodeImage(join(dir, "control/1.png"))).shape).toEqual([1, 3, 16, 64]);
  expect(saved.steps.map(({ control }) => control?.map(({ used }) => used))).toEqual([
    [true, true],
    [true, true],
    [false, true],
    [false, true],
  ]);
  expect(savedOptions(saved).control).toEqual(run.options.control);
  const again = await finish(replay(await openRun(dir), model()) as typeof run);
  expect(again.result.latent).toEqual(result.latent);

  writeSafetensors(join(dir, "control/1.safetensors"), { image: { ...image, data: image.data.map((x) => 1 - x) } });
  expect(() => savedOptions(saved)).toThrow(
    /control\/1\.safetensors: expected the numbers of options\.control\[0\]\.image, sha256 .*found other numbers/,
  );
  const plain = multiDiffusion(model(), { ...options, control: undefined });
  await saveRun(dir, { ...runHead("multi", plain, model()), ...(await finish(plain)) }, { report: "none", existing: "replace" });
  expect(existsSync(join(dir, "control"))).toBe(false);
});

test("a run.json that names another file is refused", async () => {
  const dir = join(root, "elsewhere");
  const run = multiDiffusion(model(), options);
  await saveRun(dir, { ...runHead("multi", run, model()), ...(await finish(run)) }, { report: "none" });
  const file = join(dir, "run.json");
  writeFileSync(file, readFileSync(file, "utf8").replace("control/1.safetensors", "../secret.safetensors"));
  const saved = await openRun(dir);
  expect(() => savedOptions(saved)).toThrow(/expected options\.control\[0\]\.image: control\/1\.safetensors or another number/);
});

test("a stopped run goes on under control to the same picture, from every step", async () => {
  const whole = (await finish(multiDiffusion(model(), options))).result;
  for (const stop of [1, 3]) {
    const dir = join(root, `stopped-${stop}`);
    const run = multiDiffusion(model(), options);
    const writer = await createRunWriter(dir, runHead(run.method, run, model()), { foreseenEvery: 0 });
    for (let k = 0; k < stop; k++) await writer.step((await run.next()).value as never);
    const { panorama } = await resume(dir, model(), { report: "none", foreseenEvery: 0 });
    const direct = join(root, `direct-${stop}`);
    const second = multiDiffusion(model(), options);
    const saved = await saveRun(
      direct,
      { ...runHead("multi", second, model()), ...(await finish(second)) },
      { report: "none", foreseenEvery: 0 },
    );
    expect(panorama).toEqual(saved.panorama);
    expect(whole.panorama.shape).toEqual(panorama?.shape);
  }
});
