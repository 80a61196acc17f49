import { expect, test } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { type Tensor, zeros } from "#kernel-lib/core/tensor.js";
import { powerSpectrum } from "#kernel-lib/metrics/power-spectrum.js";

test("white noise has power 1 in every band, and the mean of n noises 1/n", () => {
  const noises = [1, 2, 3, 4].map((seed) => randn(createRng(seed), [4, 8, 16, 16]));
  for (const power of powerSpectrum(noises[0], { bands: 4 }).power) expect(Math.abs(power - 1)).toBeLessThan(0.15);
  const mean = { ...noises[0], data: noises[0].data.map((_, k) => noises.reduce((sum, { data }) => sum + data[k] / 4, 0)) };
  for (const power of powerSpectrum(mean, { bands: 4 }).power) expect(Math.abs(power - 1 / 4)).toBeLessThan(0.04);
});

test("the sum of squares is kept", () => {
  const map = randn(createRng(5), [1, 1, 6, 10]);
  const { power } = powerSpectrum(map, { bands: 1 });
  expect(power[0] * 60).toBeCloseTo(
    map.data.reduce((sum, x) => sum + x * x, 0),
    4,
  );
});

test("a wave of k half periods lies in its own band alone", () => {
  const [H, W, k] = [8, 16, 6];
  const wave: Tensor = {
    shape: [1, 1, H, W],
    data: Float32Array.from({ length: H * W }, (_, at) => Math.cos((Math.PI * ((at % W) + 0.5) * k) / W)),
  };
  const { power, frequency } = powerSpectrum(wave);
  const band = frequency.reduce((best, f, j) => (Math.abs(f - k / (2 * W)) < Math.abs(frequency[best] - k / (2 * W)) ? j : best), 0);
  for (const [j, value] of power.entries())
    if (j === band) expect(value).toBeGreaterThan(0.1);
    else expect(value).toBeLessThan(1e-9);
});

test("columns can be chosen, and those that are not there are refused", () => {
  const map = zeros([1, 1, 4, 8]);
  map.data.fill(1, 4);
  expect(powerSpectrum(map, { left: 0, width: 4 }).power[0]).not.toBe(powerSpectrum(map, { left: 4, width: 4 }).power[0]);
  expect(() => powerSpectrum(map, { left: 6, width: 4 })).toThrow(/at least 2 of 8/);
});
