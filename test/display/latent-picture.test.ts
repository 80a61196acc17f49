import { expect, test } from "vitest";
import { tensor } from "#kernel-lib/core/tensor.js";
import { latentPictures } from "#kernel-lib/display/latent-picture.js";

/** A latent of one pixel, [1,c,1,1]. */
const pixel = (...channels: number[]) => tensor(Float32Array.from(channels), [1, channels.length, 1, 1]);
const colourOf = (latent: ReturnType<typeof pixel>, run = [latent]) => {
  const { data } = latentPictures([latent, ...run])[0];
  return [data[0], data[64], data[128]]; // 8 × 8 pixels a plane
};

test("each of a latent's four channels has a colour of its own, and its opposite for values below 0", () => {
  const run = [pixel(1, 0, 0, 0)]; // values from -1 to 1
  for (const [latent, colour] of [
    [pixel(1, 0, 0, 0), [1, 1, 1]],
    [pixel(0, 1, 0, 0), [1, 0, 0]],
    [pixel(0, 0, 1, 0), [0, 1, 0]],
    [pixel(0, 0, 0, 1), [0, 0, 1]],
    [pixel(0, -1, 0, 0), [0, 1, 1]],
    [pixel(0.5, 0, 0, 0), [0.75, 0.75, 0.75]],
    [pixel(0, 0, 0, 0), [0.5, 0.5, 0.5]],
  ] as const)
    expect(colourOf(latent, run)).toEqual(colour);
});

test("a value has the same colour in every step of a run, whatever the step's own range", () => {
  const loud = tensor(
    Float32Array.from({ length: 100 }, (_, k) => (k % 2 === 0 ? 2 : -2)),
    [1, 1, 10, 10],
  );
  const [, quiet] = latentPictures([loud, pixel(1)]);
  expect(quiet.data[0]).toBe(0.75);
});

test("what passes 98 of 100 values takes the end of the range, so that one outlier does not grey the rest", () => {
  const values = Float32Array.from({ length: 100 }, () => 1);
  values[7] = 50;
  const [picture] = latentPictures([tensor(values, [1, 1, 1, 100])]);
  expect([...new Set(picture.data)]).toEqual([1]);
});

test("a latent pixel is a crisp square of 8 pixels; latents of one, three and sixteen channels have pictures too", () => {
  const [picture] = latentPictures([tensor(Float32Array.of(1, -1, 1, -1), [1, 1, 2, 2])]);
  expect(picture.shape).toEqual([1, 3, 16, 16]);
  for (let x = 0; x < 16; x++) expect(picture.data[5 * 16 + x]).toBe(x < 8 ? 1 : 0);
  for (const c of [1, 3, 16]) expect(latentPictures([pixel(...Array.from({ length: c }, () => 1))])[0].shape).toEqual([1, 3, 8, 8]);
  expect(() => latentPictures([tensor(new Float32Array(8), [2, 4, 1, 1])])).toThrow("latentPictures: got [2,4,1,1]");
});
