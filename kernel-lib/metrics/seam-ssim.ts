/** @file Seam-SSIM: do both sides of the cut of a closed panorama look like one place? */
import { expectShape, type Tensor } from "../core/tensor.js";
import type { Metric } from "./metric.js";
import { medianOf } from "./seam-sobel.js";
import { meanSsim } from "./ssim.js";

/** Columns that are looked at, as many as the window of SSIM has. */
const SIDE = 11;
/** Places inside of the panorama that the cut is compared with. */
const PLACES = 24;

/**
 * SSIM of the eleven columns around the cut and the same columns moved by one, less the median of the same at places inside: 0 where the picture goes
 * on at the cut as it does inside, below 0 where it does not.
 * @param panorama [1,3,H,W] in [0,1], at least 44 columns wide and 11 rows high; its right edge continues at its left edge
 * @returns from −2 to 2
 * @source the idea is JoPano's (seam consistency by SSIM); no official code was found, so the numbers of that paper do not compare
 */
export function seamSsim(panorama: Tensor): number {
  const { data, shape } = panorama;
  expectShape("seamSsim", panorama, [1, 3, "H", "W"]);
  const [, , height, width] = shape;
  if (width < 4 * SIDE || height < SIDE)
    throw new RangeError(`seamSsim: a panorama of ${height}×${width} px; want at least ${SIDE}×${4 * SIDE}`);
  const columnsFrom = (left: number) =>
    Float64Array.from(
      { length: 3 * height * SIDE },
      (_, at) => data[Math.floor(at / SIDE) * width + ((left + (at % SIDE) + width) % width)],
    );
  const first = (x: number) => x - (SIDE + 1) / 2; // the place between the columns x−1 and x lies in the middle of both
  const alike = (x: number) =>
    meanSsim("seamSsim", { source: columnsFrom(first(x)), edited: columnsFrom(first(x) + 1), height, width: SIDE }, 1);
  const inside = Array.from({ length: PLACES }, (_, k) => alike(Math.round(SIDE + ((width - 2 * SIDE) * (k + 0.5)) / PLACES)));
  return alike(0) - medianOf(inside);
}

/** Seam-SSIM in the table. */
export const seamSsimMetric: Metric<object> = {
  name: "seam-ssim",
  title: "Likeness across the cut",
  source: "after JoPano; no official code",
  better: "higher",
  needs: [],
  edge: "wrap",
  measure: async (panorama) => seamSsim(panorama),
};
