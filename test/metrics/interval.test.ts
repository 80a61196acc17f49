/** Means with their intervals, and paired differences. */
import { describe, expect, test } from "vitest";
import { createRng } from "#kernel-lib/core/random.js";
import { meanInterval, pairedInterval, studentT } from "#kernel-lib/metrics/interval.js";

test.each([
  [1, 12.7062],
  [2, 4.3027],
  [3, 3.1824],
  [5, 2.5706],
  [7, 2.3646],
  [10, 2.2281],
  [23, 2.0687],
  [100, 1.984],
])("Student's t for %i degrees of freedom is that of the tables", (degrees, want) => {
  expect(Math.abs(studentT(degrees) / want - 1)).toBeLessThan(3e-3);
});

describe("meanInterval", () => {
  test("of 1, 2, 3, 4 is 2.5 ± 3.182 · √(5/3)/2", () => {
    const { mean, low, high, count } = meanInterval([1, 2, 3, 4]);
    expect([mean, count]).toEqual([2.5, 4]);
    expect(high - mean).toBeCloseTo((3.1824 * Math.sqrt(5 / 3)) / 2, 2);
    expect(mean - low).toBeCloseTo(high - mean, 12);
  });

  test("holds the true mean in about 95 % of samples", () => {
    const rng = createRng(4);
    const hits = Array.from({ length: 2000 }, () => {
      const { low, high } = meanInterval(Array.from({ length: 8 }, () => rng.normal() + 3));
      return low <= 3 && 3 <= high ? 1 : 0;
    }).reduce((a: number, b) => a + b, 0);
    expect(hits / 2000).toBeGreaterThan(0.93);
    expect(hits / 2000).toBeLessThan(0.97);
  });

  test("of one value has no interval, and of none is refused", () => {
    expect(meanInterval([5])).toEqual({ mean: 5, low: Number.NaN, high: Number.NaN, count: 1 });
    expect(() => meanInterval([])).toThrow(RangeError);
  });
});

test("a paired difference does not see what both have in common", () => {
  const seeds = [10, 50, 90, 130];
  const { mean, low, high } = pairedInterval(
    seeds.map((x, k) => x + 1 + 0.1 * (-1) ** k),
    seeds,
  );
  expect(mean).toBeCloseTo(1, 12);
  expect([low > 0.7, high < 1.3]).toEqual([true, true]);
  expect(() => pairedInterval([1], [1, 2])).toThrow(/1 and 2 values/);
});
