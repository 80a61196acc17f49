/** Resampled intervals and corrected probabilities. */
import { describe, expect, test } from "vitest";
import { createRng } from "#kernel-lib/core/random.js";
import { bootstrapInterval, holm, pairedBootstrap, signFlipProbability } from "#kernel-lib/metrics/bootstrap.js";

describe("bootstrapInterval", () => {
  const rng = createRng(7);
  const draws: readonly (readonly [name: string, count: number, truth: number, draw: () => number])[] = [
    ["normal values of 9 panoramas", 9, 0, () => rng.normal()],
    ["normal values of 24 panoramas", 24, 0, () => rng.normal()],
    ["exponential values of 24 panoramas", 24, 1, () => -Math.log(1 - rng.uniform())],
    ["normal values of 100 panoramas", 100, 0, () => rng.normal()],
  ];
  test.each(draws)("%s: the interval covers the truth in 93 to 97 of 100 of 1,000 simulated tables", (_, count, truth, draw) => {
    let hits = 0;
    for (let seed = 0; seed < 1000; seed++) {
      const { low, high } = bootstrapInterval(Array.from({ length: count }, draw), { resamples: 1000, seed });
      if (low <= truth && truth <= high) hits++;
    }
    expect(hits).toBeGreaterThanOrEqual(930);
    expect(hits).toBeLessThanOrEqual(970);
  });

  test("moves and stretches with the values", () => {
    const values = [0.3, 0.9, 0.4, 0.7, 0.2];
    const [one, other] = [bootstrapInterval(values), bootstrapInterval(values.map((x) => 2 * x + 1))];
    for (const key of ["mean", "low", "high"] as const) expect(other[key]).toBeCloseTo(2 * one[key] + 1, 9);
  });

  test("of one value has no ends, of equal values no width, of none is refused", () => {
    expect(bootstrapInterval([2])).toEqual({ mean: 2, low: Number.NaN, high: Number.NaN, count: 1 });
    expect(bootstrapInterval([2, 2, 2])).toEqual({ mean: 2, low: 2, high: 2, count: 3 });
    expect(() => bootstrapInterval([])).toThrow(/at least one/);
  });

  test("of pairs drops what both have in common", () => {
    const noise = Array.from({ length: 20 }, () => 10 * rng.normal());
    const { low, high } = pairedBootstrap(
      noise.map((x, k) => x + 1 + 0.01 * (k % 2)),
      noise,
    );
    expect(low).toBeGreaterThan(0.99);
    expect(high).toBeLessThan(1.02);
    expect(() => pairedBootstrap([1], [1, 2])).toThrow(/want pairs/);
  });
});

test("Holm's correction is that of his example: sorted, times what is left, never falling", () => {
  expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02]);
  expect(holm([0.9, 0.8])).toEqual([1, 1]);
});

describe("signFlipProbability", () => {
  test("of n differences of one sign is 2/2ⁿ", () => {
    expect(signFlipProbability([1, 2, 3, 4, 5, 6])).toBe(2 / 64);
    expect(signFlipProbability(Array.from({ length: 20 }, (_, k) => k + 1))).toBeCloseTo(1 / 10_001, 9);
  });

  test("rejects at 5 % in about 5 % of tables without a difference", () => {
    const rng = createRng(3);
    const hits = Array.from({ length: 1000 }, () => signFlipProbability(Array.from({ length: 10 }, () => rng.normal())) < 0.05);
    expect(hits.filter(Boolean).length).toBeGreaterThan(30);
    expect(hits.filter(Boolean).length).toBeLessThan(70);
  });
});
