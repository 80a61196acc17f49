/** @file SSIM: how alike two pictures are in light, contrast and structure. */
import type { Tensor } from "../core/tensor.js";
import { eachPair, type PicturePair } from "./pair.js";
import type { PairMetric } from "./pair-metric.js";

/** Side and deviation of the Gaussian window. */
const [SIDE, SIGMA] = [11, 1.5];

/**
 * Structural similarity: an 11×11 Gaussian window of sigma 1.5 over the valid area, per RGB channel, averaged over places and channels; range 255
 * on numbers that are not rounded to bytes. Higher is closer, 1 where the pictures are equal.
 * @param source [1|N,3,H,W] in [0,1], at least 11 px a side  @param edited [N,3,H,W] in [0,1]; both are clamped first
 * @returns N numbers from -1 to 1
 * @throws ShapeError, RangeError as all metrics of pairs, and for a picture smaller than the window
 * @source Wang et al. 2004, equation 13; ChenWu98/cycle-diffusion, evaluation/utils.py. Differs: nowhere (range 1 on [0,1] is range 255 on bytes).
 */
export const ssim = (source: Tensor, edited: Tensor): number[] => eachPair("ssim", source, edited, (pair) => meanSsim("ssim", pair, 1));

/** SSIM in the table of metrics of pairs. */
export const ssimMetric: PairMetric<object> = {
  name: "ssim",
  title: "SSIM",
  source: "Wang et al. 2004; ChenWu98/cycle-diffusion, evaluation/utils.py",
  better: "higher",
  needs: [],
  measure: async (source, edited) => ssim(source, edited),
};

/**
 * SSIM of two pictures whose numbers have the range L, with C1 = (0.01·L)² and C2 = (0.03·L)²:
 *   ((2·μx·μy + C1)·(2·σxy + C2)) / ((μx² + μy² + C1)·(σx² + σy² + C2))
 * @throws RangeError for a picture smaller than the window
 */
export function meanSsim(who: string, { source, edited, height, width }: PicturePair, range: number): number {
  if (height < SIDE || width < SIDE) throw new RangeError(`${who}: pictures of ${height}×${width} px; want at least ${SIDE} px a side`);
  const [c1, c2] = [(0.01 * range) ** 2, (0.03 * range) ** 2];
  const plane = height * width;
  let [sum, count] = [0, 0];
  for (let channel = 0; channel < 3; channel++) {
    const [x, y] = [source, edited].map((picture) => picture.subarray(channel * plane, (channel + 1) * plane));
    const blurred = (value: (k: number) => number) =>
      blur(
        Float64Array.from(x, (_, k) => value(k)),
        height,
        width,
      );
    const [mx, my] = [blurred((k) => x[k]), blurred((k) => y[k])];
    const [xx, yy, xy] = [blurred((k) => x[k] ** 2), blurred((k) => y[k] ** 2), blurred((k) => x[k] * y[k])];
    for (const [k, a] of mx.entries()) {
      const b = my[k];
      const [varX, varY, cov] = [xx[k] - a * a, yy[k] - b * b, xy[k] - a * b];
      sum += ((2 * a * b + c1) * (2 * cov + c2)) / ((a * a + b * b + c1) * (varX + varY + c2));
      count++;
    }
  }
  return sum / count;
}

const WINDOW = gaussian();

function gaussian(): readonly number[] {
  const weights = Array.from({ length: SIDE }, (_, k) => Math.exp(-((k - (SIDE - 1) / 2) ** 2) / (2 * SIGMA ** 2)));
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((w) => w / sum);
}

/** A plane [height,width] under the window, first along rows, then along columns: [height-10,width-10]. */
function blur(x: Float64Array, height: number, width: number): Float64Array {
  const across = width - SIDE + 1;
  const rows = new Float64Array(height * across);
  for (let y = 0; y < height; y++)
    for (let left = 0; left < across; left++) for (let k = 0; k < SIDE; k++) rows[y * across + left] += WINDOW[k] * x[y * width + left + k];
  const blurred = new Float64Array((height - SIDE + 1) * across);
  for (let at = 0; at < blurred.length; at++) for (let k = 0; k < SIDE; k++) blurred[at] += WINDOW[k] * rows[at + k * across];
  return blurred;
}
