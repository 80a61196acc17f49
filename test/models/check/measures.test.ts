/** @file The measures of models:check on sets and pictures whose answer is known. */
import { describe, expect, test } from "vitest";
import { createRng } from "#kernel-lib/core/random.js";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { deviations, judgeFid, judgeKid, scaledSets } from "#models/tiny-landscapes/check/judge-distances.js";
import { meanPsnr, meanSquaredGradient, strongestShare } from "#models/tiny-landscapes/check/sharpness.js";
import { bootstrapInterval, commonestShare, mean } from "#models/tiny-landscapes/check/statistics.js";

const SIDE = 40;
/** One channel of a picture from a function of its place. */
const picture = (f: (x: number, y: number) => number): Tensor => ({
  data: Float32Array.from({ length: SIDE * SIDE }, (_, k) => f(k % SIDE, Math.floor(k / SIDE))),
  shape: [1, 1, SIDE, SIDE],
});
/** A vertical edge from −1 to 1 that is spread over `wide` pixels. */
const edge = (wide: number) => picture((x) => Math.min(1, Math.max(-1, (2 * (x - 10)) / wide - 1)));

describe("sharpness", () => {
  test("an edge that is spread over n pixels has 1/n of the squared gradient", () => {
    for (const wide of [2, 4, 8]) expect(meanSquaredGradient(edge(wide)) / meanSquaredGradient(edge(1))).toBeCloseTo(1 / wide, 5);
  });

  test("a sharp edge has all its gradient in the strongest 5 % of pixels, an even slope 5 %", () => {
    expect(strongestShare(edge(1))).toBeCloseTo(1, 5);
    expect(strongestShare(picture((x) => x / SIDE))).toBeCloseTo(0.05, 2);
  });

  test("PSNR is 10·log10(4 / squared error), over a range of 2", () => {
    expect(
      meanPsnr(
        picture(() => 0.5),
        picture(() => 0.3),
      ),
    ).toBeCloseTo(10 * Math.log10(4 / 0.04), 4);
  });
});

describe("judge-KID", () => {
  const set = (seed: number, n: number, shift: number) => {
    const rng = createRng(seed);
    return Array.from({ length: n }, () => Float32Array.from({ length: 4 }, () => rng.normal() + shift));
  };

  test("is the unbiased estimate of its definition on two pairs of numbers", () => {
    const [a, b] = [
      [Float32Array.of(1), Float32Array.of(2)],
      [Float32Array.of(0), Float32Array.of(-1)],
    ];
    const k = (x: number, y: number) => (x * y + 1) ** 3;
    expect(judgeKid(a, b)).toBeCloseTo(k(1, 2) + k(0, -1) - (2 * (k(1, 0) + k(1, -1) + k(2, 0) + k(2, -1))) / 4, 6);
  });

  test("has no floor: two small sets of one kind are 0 apart in the mean", () => {
    const found = Array.from({ length: 200 }, (_, k) => judgeKid(set(2 * k + 1, 20, 0), set(2 * k + 2, 20, 0)));
    const error = Math.sqrt(mean(found.map((x) => (x - mean(found)) ** 2)) / found.length);
    expect(Math.abs(mean(found))).toBeLessThan(3 * error);
  });

  test("grows with the distance of two kinds", () => {
    const [near, far] = [0.5, 1].map((shift) => judgeKid(set(1, 200, 0), set(2, 200, shift)));
    expect(near).toBeGreaterThan(0.1);
    expect(far).toBeGreaterThan(2 * near);
  });

  test("deviations are those of each feature", () => {
    expect(deviations([Float32Array.of(1, 5), Float32Array.of(3, 5)])).toEqual(Float32Array.of(1, 1e-6));
  });

  test("sets are divided by the deviations of the first", () => {
    const [first, second] = scaledSets([[Float32Array.of(0, 1), Float32Array.of(4, 3)], [Float32Array.of(6, 5)]]);
    expect([...first, ...second].map((x) => [...x])).toEqual([
      [0, 1],
      [2, 3],
      [3, 5],
    ]);
  });
});

test("the commonest entry's share, and an interval that holds the mean", () => {
  expect(commonestShare(["a", "b", "a", "c"])).toBe(0.5);
  const [low, high] = bootstrapInterval([1, 2, 3, 4, 5], mean);
  expect(low).toBeLessThan(3);
  expect(high).toBeGreaterThan(3);
  expect(bootstrapInterval([7, 7, 7], mean)).toEqual([7, 7]);
});

describe("judge-FID", () => {
  const rng = createRng(4);
  const set = Array.from({ length: 300 }, () => Float32Array.from({ length: 6 }, (_, k) => (k + 1) * rng.normal()));

  test("of a set to itself is 0, to itself moved is the move's square", () => {
    expect(judgeFid(set, set)).toBeCloseTo(0, 3);
    expect(
      judgeFid(
        set,
        set.map((x) => x.map((value) => value + 2)),
      ),
    ).toBeCloseTo(6 * 4, 2);
  });

  test("to itself scaled by s about its mean is (s − 1)² times the trace of its covariance", () => {
    const means = Array.from({ length: 6 }, (_, k) => set.reduce((sum, x) => sum + x[k], 0) / set.length);
    const scaled = set.map((x) => x.map((value, k) => means[k] + 3 * (value - means[k])));
    const variances = means.map((mean, k) => set.reduce((sum, x) => sum + (x[k] - mean) ** 2, 0) / (set.length - 1));
    const trace = variances.reduce((a, b) => a + b);
    expect(judgeFid(set, scaled) / (4 * trace)).toBeCloseTo(1, 3);
  });
});
