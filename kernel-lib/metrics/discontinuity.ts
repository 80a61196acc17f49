/** @file The discontinuity score: is the cut of a closed panorama seen? */
import { expectShape, type Tensor } from "../core/tensor.js";
import type { Metric } from "./metric.js";

/** Rec. 601 luma. */
const LUMA = [0.299, 0.587, 0.114] as const;
const SCHARR = [3, 10, 3] as const;
/** Keeps the ratio finite where nothing happens beside the cut. */
const FLOOR = 0.1;

/**
 * The horizontal gradient at the two columns of the cut over that of their neighbours: 1 where the cut is like its neighbours, more where it shows.
 * The grey picture's last three columns stand before its first three; a Scharr filter gives a at the four inner columns, [H,4]:
 *
 *   DS = 1/(2H) · Σ_y ( |a_1|/(|a_0| + 0.1) + |a_2|/(|a_3| + 0.1) )
 *
 * @param panorama [1,3,H,W] in [0,1], at least 6 columns wide
 * @source the measure of an ECCV 2024 paper as HKUST's Text-Driven-Pano-Gen c6fa061 implements it (Discontinuity_Score_cal.py), which calls itself
 * unofficial. Another range of pixels would give another number, because of the 0.1.
 */
export function discontinuity(panorama: Tensor): number {
  const gradient = seamGradient(panorama);
  const height = gradient.length / 4;
  let sum = 0;
  for (let y = 0; y < height; y++) {
    const [a0, a1, a2, a3] = gradient.subarray(4 * y, 4 * y + 4).map(Math.abs);
    sum += a1 / (a0 + FLOOR) + a2 / (a3 + FLOOR);
  }
  return sum / (2 * height);
}

/** a at the four columns around the cut, the last two of the panorama and its first two: [H,4] by rows. */
export function seamGradient({ data, shape }: Tensor): Float64Array {
  expectShape("discontinuity", { shape }, [1, 3, "H", "W"]);
  const [, , height, width] = shape;
  if (width < 6) throw new RangeError(`discontinuity: a panorama of ${width} columns; want at least 6`);
  const grey = (y: number, x: number) =>
    y < 0 || y >= height ? 0 : LUMA.reduce((sum, weight, c) => sum + weight * data[(c * height + y) * width + ((x + width) % width)], 0);
  return Float64Array.from({ length: 4 * height }, (_, k) => {
    const [y, x] = [Math.floor(k / 4), (k % 4) - 2]; // columns −2, −1, 0, 1 of the ring
    return SCHARR.reduce((sum, weight, j) => sum + weight * (grey(y + j - 1, x + 1) - grey(y + j - 1, x - 1)), 0);
  });
}

/** The discontinuity score in the table. */
export const discontinuityMetric: Metric<object> = {
  name: "discontinuity",
  title: "Discontinuity at the cut",
  source: "Text-Driven-Pano-Gen c6fa061, Discontinuity_Score_cal.py",
  better: "lower",
  needs: [],
  edge: "wrap",
  measure: async (panorama) => discontinuity(panorama),
};
