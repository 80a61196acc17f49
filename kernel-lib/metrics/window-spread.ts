/** @file Window spread: how much happens inside of one window's picture? */
import { expectShape, type Tensor } from "../core/tensor.js";
import type { Features } from "../diffusion/capabilities.js";
import { squares } from "./intra-lpips.js";
import type { Metric } from "./metric.js";

/**
 * The variance over the pixels of unit-length features, summed over channels, averaged over the network's depths and over the non-overlapping square crops
 * of a panorama. A blurred or empty window has little of it: what synchronising costs, where Intra-LPIPS says what it gains.
 * @param panorama [1,3,H,W] in [0,1], as a run returns it
 * @param crop side in pixels; default the panorama's height
 * @returns unitless, from 0 (every pixel looks the same) to 1
 * @throws RangeError where fewer than two crops fit
 */
export async function windowSpread(panorama: Tensor, { features }: Features, crop: number = panorama.shape[2]): Promise<number> {
  expectShape("windowSpread", panorama, [1, 3, "H", "W"]);
  const crops = squares(panorama, crop, "windowSpread");
  let sum = 0;
  for (const each of crops) {
    const maps = await features(each);
    sum += maps.reduce((total, map) => total + spatialVariance(map), 0) / maps.length;
  }
  return sum / crops.length;
}

/** Σ over channels of the variance over pixels: [1,C,H,W]. */
function spatialVariance({ data, shape: [, channels, height, width] }: Tensor): number {
  const size = height * width;
  let sum = 0;
  for (let c = 0; c < channels; c++) {
    const plane = data.subarray(c * size, (c + 1) * size);
    const mean = plane.reduce((a, b) => a + b, 0) / size;
    sum += plane.reduce((a, b) => a + (b - mean) ** 2, 0) / size;
  }
  return sum;
}

/** The spread inside of windows as high as the panorama. */
export const windowSpreadMetric: Metric<Features> = {
  name: "window-spread",
  title: "Spread inside windows",
  source: "Veduta: the variance over pixels of the perceptual network's unit-length features",
  better: "higher",
  needs: ["features"],
  measure: (panorama, model) => windowSpread(panorama, model),
};
