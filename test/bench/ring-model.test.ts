/** The toy ring's networks are what they claim: exact, and their gradient is that of their distance. */
import * as veduta from "veduta";
import { expect, test } from "vitest";
import { logDensity, ringModel, SPREAD } from "../../bench/toy/ring-model.mjs";

const model = ringModel(veduta);
const { level } = veduta.createSchedule(model.config.schedule);
const text = { data: new Float32Array(2), shape: [2, 1, 1] };
const noise = (seed: number, width: number) => veduta.randn(veduta.createRng(seed), [1, 1, 1, width]);

test("x0 is the mean of clean windows given the noisy one: the best guess among all, by Monte Carlo", async () => {
  const timestep = 401;
  const { alpha, sigma } = level(timestep);
  const rng = veduta.createRng(3);
  let [gap, square] = [0, 0];
  const draws = 4000;
  for (let k = 0; k < draws; k++) {
    const mode = rng.uniform() < 0.5 ? 1 : -1;
    const clean = Float32Array.from({ length: 8 }, () => mode + SPREAD * rng.normal());
    const eps = clean.map(() => rng.normal());
    const xt = { data: clean.map((x, j) => alpha * x + sigma * eps[j]), shape: [1, 1, 1, 8] };
    const said = await model.predictNoise(xt, { timestep, text });
    const x0 = xt.data.map((x, j) => (x - sigma * said.data[j]) / alpha);
    // the error of a conditional mean has no correlation with any function of what it is given, here x_t itself
    const error = clean.reduce((sum, x, j) => sum + (x - x0[j]) * xt.data[j], 0);
    gap += error;
    square += error * error;
  }
  expect(Math.abs(gap / draws)).toBeLessThan(3.5 * Math.sqrt(square / draws / draws));
});

test.each([
  [801, 8],
  [401, 8],
  [101, 4],
])("at timestep %i, of windows of %i: the gradient agrees with central differences", async (timestep, width) => {
  const anchor = { data: Float32Array.from({ length: 3 * width }, (_, k) => Math.sin(k)), shape: [1, 3, 1, width] };
  const x = noise(7, width);
  const { gradient } = await model.perceptualGradient(x, { timestep, text, anchor });
  const h = 1e-2;
  for (const k of [0, 1, width - 1]) {
    const at = async (by: number) => {
      const moved = { data: x.data.map((value, j) => (j === k ? value + by : value)), shape: x.shape };
      return (await model.perceptualGradient(moved, { timestep, text, anchor })).loss.data[0];
    };
    const slope = ((await at(h)) - (await at(-h))) / (2 * h);
    expect(Math.abs(slope - gradient.data[k])).toBeLessThan(2e-3 * Math.max(0.05, ...gradient.data.map(Math.abs)));
  }
});

test("the density of a clean window is one: it is symmetric and integrates to 1, of one column and of two", () => {
  const h = 0.05;
  const line = Array.from({ length: 121 }, (_, k) => (k - 60) * h);
  const sum = (windows: readonly number[][]) => windows.reduce((total, x) => total + Math.exp(logDensity(x)), 0);
  expect(h * sum(line.map((x) => [x]))).toBeCloseTo(1, 5);
  expect(h * h * sum(line.flatMap((x) => line.map((y) => [x, y])))).toBeCloseTo(1, 5);
  expect(logDensity([0.8, 1.3])).toBeCloseTo(logDensity([-0.8, -1.3]), 12);
});
