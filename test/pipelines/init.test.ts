/** A picture that a closed panorama starts from is encoded around its edge, on a checkpoint with real networks. */
import { createRng, multiDiffusion, openModel, randn, type Tensor } from "veduta";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Model } from "#kernel-lib/pipelines/model.js";
import { tinyCheckpoint } from "../fixtures/tiny-checkpoint.js";

const { path, remove } = tinyCheckpoint();
let model: Model;
beforeAll(async () => {
  model = await openModel(path, { device: "cpu", threads: 1 });
});
afterAll(async () => {
  await model.close();
  remove();
});

const rng = createRng(1);
const picture: Tensor = { data: Float32Array.from({ length: 3 * 16 * 48 }, () => rng.uniform()), shape: [1, 3, 16, 48] };
const roll = ({ data, shape }: Tensor, right: number): Tensor => {
  const w = shape[3];
  return { data: data.map((_, k) => data[k - (k % w) + (((k % w) - right + w) % w)]), shape };
};
const finish = async (run: ReturnType<typeof multiDiffusion>) => {
  for (;;) {
    const next = await run.next();
    if (next.done) return next.value;
  }
};
const apart = (a: Tensor, b: Tensor) => Math.max(...a.data.map((x, k) => Math.abs(x - b.data[k])));
const base = { prompt: "a cat", steps: 4, seed: 2 };

test("rolled by windows' strides it rolls the panorama; open, it does not", async () => {
  const latent = randn(createRng(2), [1, 4, 8, 24]);
  const rolled = { init: roll(picture, 8), latent: roll(latent, 4), strength: 0.5 };
  const [a, b] = [
    await finish(multiDiffusion(model, { ...base, init: picture, latent, strength: 0.5, loop: true, stride: 4 })),
    await finish(multiDiffusion(model, { ...base, ...rolled, loop: true, stride: 4 })),
  ];
  expect(apart(b.panorama, roll(a.panorama, 8))).toBeLessThan(1e-4);
  const [c, d] = [
    await finish(multiDiffusion(model, { ...base, init: picture, latent, strength: 0.5, stride: 4 })),
    await finish(multiDiffusion(model, { ...base, ...rolled, stride: 4 })),
  ];
  expect(apart(d.panorama, roll(c.panorama, 8))).toBeGreaterThan(1e-2);
});

test("at strength 0 is what the autoencoder makes of it, with the same edge", async () => {
  const { panorama } = await finish(multiDiffusion(model, { ...base, init: picture, strength: 0, loop: true }));
  const signed = { ...picture, data: picture.data.map((x) => 2 * x - 1) };
  const decoded = await model.decode(await model.encode(signed, { edge: "wrap" }), { edge: "wrap" });
  expect(panorama.data).toEqual(decoded.data.map((x) => Math.min(1, Math.max(0, (x + 1) / 2))));
});
