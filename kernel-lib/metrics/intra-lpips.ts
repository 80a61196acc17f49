/** @file Intra-LPIPS: does one panorama look like one place? */
import { expectShape, type Tensor } from "../core/tensor.js";
import type { ComparableFeatures } from "../diffusion/capabilities.js";
import type { Metric } from "./metric.js";

/** A perceptual distance of two batches of images, [N,3,h,w] in [-1,1] each -> [N], 0 where they look the same. */
export type Distance = (a: Tensor, b: Tensor) => Promise<Tensor>;

/**
 * Mean perceptual distance over all pairs of non-overlapping square crops of one panorama, left to right and top to bottom; what is left over
 * at the right and bottom edges is not looked at. Lower is more coherent.
 * @param panorama [1,3,H,W] in [0,1], as a run returns it
 * @param by a model, whose features are computed once per crop; or a distance such as its `perceptualDistance`, called once per pair
 * @param crop side in pixels; default the panorama's height
 * @returns unitless, >= 0
 * @throws RangeError where fewer than two crops fit
 * @source Lee et al. arXiv:2306.05178, section 5 (Coherence); the official evaluation crops 512 × 512 px. Differs: nowhere.
 */
export async function intraLpips(panorama: Tensor, by: ComparableFeatures | Distance, crop: number = panorama.shape[2]): Promise<number> {
  expectShape("intraLpips", panorama, [1, 3, "H", "W"]);
  const crops = squares(panorama, crop);
  return typeof by === "function" ? meanOverPairs(crops, by) : meanOverPairs(await featuresOf(crops, by), by.featureDistance);
}

/** Intra-LPIPS of crops as high as the panorama. */
export const intraLpipsMetric: Metric<ComparableFeatures> = {
  name: "intra-lpips",
  title: "Intra-LPIPS",
  source: "arXiv:2306.05178, section 5; KAIST-Visual-AI-Group/SyncDiffusion",
  better: "lower",
  needs: ["features", "featureDistance"],
  measure: (panorama, model) => intraLpips(panorama, model),
};

async function featuresOf(crops: readonly Tensor[], { features }: ComparableFeatures): Promise<(readonly Tensor[])[]> {
  const all: (readonly Tensor[])[] = [];
  for (const crop of crops) all.push(await features(crop));
  return all;
}

/** The mean distance of each to every later one. */
async function meanOverPairs<T>(all: readonly T[], distance: (a: T, b: T) => Promise<Tensor>): Promise<number> {
  let [sum, pairs] = [0, 0];
  for (const [k, a] of all.entries())
    for (const b of all.slice(k + 1)) {
      sum += (await distance(a, b)).data[0];
      pairs++;
    }
  return sum / pairs;
}

/** Non-overlapping squares, each [1,3,side,side], from [0,1] to [-1,1]. @throws RangeError where fewer than two fit */
export function squares({ data, shape: [, , height, width] }: Tensor, side: number, who = "intraLpips"): Tensor[] {
  const [down, across] = [Math.floor(height / side), Math.floor(width / side)];
  if (!(Number.isInteger(side) && side >= 1 && down * across >= 2))
    throw new RangeError(
      `${who}: crop ${side} px of ${height}×${width} px; want at least two crops, so a whole number up to ${largest(height, width)}`,
    );
  return Array.from({ length: down * across }, (_, k) => {
    const [top, left] = [Math.floor(k / across) * side, (k % across) * side];
    const pixel = (at: number) => {
      const [channel, y, x] = [Math.floor(at / side ** 2), Math.floor(at / side) % side, at % side];
      return 2 * data[(channel * height + top + y) * width + left + x] - 1;
    };
    return { data: Float32Array.from({ length: 3 * side ** 2 }, (_, at) => pixel(at)), shape: [1, 3, side, side] };
  });
}

/** The largest side of which two squares fit. */
const largest = (height: number, width: number): number =>
  Math.max(Math.min(height, Math.floor(width / 2)), Math.min(width, Math.floor(height / 2)));
