/** @file Seam-Sobel: is the edge at the cut of a closed panorama stronger than those inside of it? */
import { expectShape, type Tensor } from "../core/tensor.js";
import type { Metric } from "./metric.js";

const SOBEL = [1, 2, 1] as const;

/**
 * The mean magnitude of the horizontal Sobel gradient at the cut over the median of all other places: 1 where the cut is like the panorama's inside,
 * more where it shows as an edge. The gradient at the place between columns x−1 and x is that of the two columns.
 * @param panorama [1,3,H,W] in [0,1], at least 8 columns wide; its right edge continues at its left edge
 * @returns >= 0; infinite where the inside has no gradients and the cut has
 * @source the idea is JoPano's (seam consistency by Sobel); no official code was found, so the numbers of that paper do not compare
 */
export function seamSobel(panorama: Tensor): number {
  const { data, shape } = panorama;
  expectShape("seamSobel", panorama, [1, 3, "H", "W"]);
  const [, , height, width] = shape;
  if (width < 8) throw new RangeError(`seamSobel: a panorama of ${width} columns; want at least 8`);
  const rowAt = (y: number) => Math.min(height - 1, Math.max(0, y));
  const profile = Array.from({ length: width }, (_, x) => {
    const before = (x + width - 1) % width;
    let sum = 0;
    for (let c = 0; c < 3; c++)
      for (let y = 0; y < height; y++) {
        const gradient = SOBEL.reduce((total, weight, j) => {
          const row = (c * height + rowAt(y + j - 1)) * width;
          return total + weight * (data[row + x] - data[row + before]);
        }, 0);
        sum += Math.abs(gradient);
      }
    return sum / (3 * height);
  });
  return against(profile);
}

/** The first of a profile's values, the cut's, over the median of the others; 1 where both are 0. */
export function against([cut, ...inside]: readonly number[]): number {
  const median = medianOf(inside);
  return cut === median ? 1 : cut / median;
}

/** The median: of an even number of values the mean of the middle two. */
export const medianOf = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return Number.isInteger(half) ? (sorted[half - 1] + sorted[half]) / 2 : sorted[Math.floor(half)];
};

/** Seam-Sobel in the table. */
export const seamSobelMetric: Metric<object> = {
  name: "seam-sobel",
  title: "Edge at the cut",
  source: "after JoPano; no official code",
  better: "lower",
  needs: [],
  edge: "wrap",
  measure: async (panorama) => seamSobel(panorama),
};
