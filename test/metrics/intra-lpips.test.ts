import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ShapeError } from "#kernel-lib/core/errors.js";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { type Tensor, tensor, zeros } from "#kernel-lib/core/tensor.js";
import type { ComparableFeatures } from "#kernel-lib/diffusion/capabilities.js";
import { type Distance, intraLpips } from "#kernel-lib/metrics/intra-lpips.js";

/** |mean(a) − mean(b)| */
const meanDistance: Distance = async (a, b) => {
  const mean = (x: Tensor) => x.data.reduce((p, q) => p + q, 0) / x.data.length;
  return tensor([Math.abs(mean(a) - mean(b))], [1]);
};
/** Squares of these grey values side by side, 4 px each, and `rest` columns more. */
const strip = (greys: readonly number[], rest = 0): Tensor => {
  const width = 4 * greys.length + rest;
  return { data: Float32Array.from({ length: 3 * 4 * width }, (_, k) => greys[Math.floor((k % width) / 4)] ?? 1), shape: [1, 3, 4, width] };
};

describe("Intra-LPIPS", () => {
  test("is the mean over all pairs of crops, at the range of a network's images", async () => {
    const greys = [0, 0.25, 1, 0.5];
    const pairs = greys.flatMap((a, k) => greys.slice(k + 1).map((b) => 2 * Math.abs(a - b)));
    expect(await intraLpips(strip(greys), meanDistance)).toBeCloseTo(pairs.reduce((p, q) => p + q) / 6, 6);
  });

  test("crops do not overlap, are in reading order and from −1 to 1, and what is left over at the edge is not seen", async () => {
    const seen: number[][] = [];
    await intraLpips(
      strip([0, 0.5, 1], 3),
      async (a, b) => {
        expect([a.shape, b.shape]).toEqual([
          [1, 3, 4, 4],
          [1, 3, 4, 4],
        ]);
        expect(new Set(a.data).size).toBe(1);
        seen.push([a.data[0], b.data[0]]);
        return zeros([1]);
      },
      4,
    );
    expect(seen).toEqual([
      [-1, 0],
      [-1, 1],
      [0, 1],
    ]);
  });

  test("is 0 for a panorama that repeats itself, and does not depend on the crops' order", () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 6 }), async (greys) => {
        expect(await intraLpips(strip(greys.map(() => greys[0])), meanDistance)).toBe(0);
        expect(await intraLpips(strip([...greys].reverse()), meanDistance)).toBeCloseTo(await intraLpips(strip(greys), meanDistance), 6);
      }),
      { numRuns: 30 },
    ));

  test("a model's features are computed once per crop, and give what the distance gives", async () => {
    const seen: number[] = [];
    const model: ComparableFeatures = {
      features: async (image) => {
        seen.push(image.data[0]);
        return [tensor([image.data.reduce((p, q) => p + q, 0) / image.data.length], [1, 1])];
      },
      featureDistance: async ([a], [b]) => tensor([Math.abs(a.data[0] - b.data[0])], [1]),
    };
    const panorama = strip([0, 0.25, 1, 0.5]);
    expect(await intraLpips(panorama, model)).toBe(await intraLpips(panorama, meanDistance));
    expect(seen).toEqual([-1, -0.5, 1, 0]);
  });

  test("crops smaller than the height lie in rows too", async () => {
    let pairs = 0;
    const count: Distance = async () => {
      pairs++;
      return zeros([1]);
    };
    await intraLpips(randn(createRng(1), [1, 3, 9, 12]), count, 4);
    expect(pairs).toBe(15); // of 2 × 3 crops
  });

  test.each([
    [8, "intraLpips: crop 8 px of 8×12 px; want at least two crops, so a whole number up to 6"],
    [0, "intraLpips: crop 0 px of 8×12 px"],
    [2.5, "intraLpips: crop 2.5 px of 8×12 px"],
  ])("a crop of which fewer than two fit is refused: %d", async (crop, message) => {
    await expect(intraLpips(zeros([1, 3, 8, 12]), meanDistance, crop)).rejects.toThrow(RangeError);
    await expect(intraLpips(zeros([1, 3, 8, 12]), meanDistance, crop)).rejects.toThrow(message);
  });

  test("what is no panorama is refused", () => expect(intraLpips(zeros([2, 3, 8, 16]), meanDistance)).rejects.toThrow(ShapeError));
});
