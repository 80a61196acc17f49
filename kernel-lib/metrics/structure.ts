/** @file Structure: does an edit keep the source's shapes where it must change the colours? */
import type { Tensor } from "../core/tensor.js";
import { eachPair } from "./pair.js";
import type { PairMetric } from "./pair-metric.js";
import { meanSsim } from "./ssim.js";

/** Values spread evenly over [0,√12] have the mean √3 and the deviation 1. */
const [RANGE, MEAN] = [Math.sqrt(12), Math.sqrt(3)];
/** A smaller deviation, a quarter of a byte's step, counts as this one: a channel that is flat but for rounding stays flat. */
const LEAST_DEVIATION = 1e-3;

/**
 * SSIM after each channel of each picture is brought to mean 0 and standard deviation 1: an edit from noon to night changes the colours on
 * purpose, and PSNR and SSIM punish it. It is 1 for any two pictures whose channels differ by gain (> 0) and offset alone.
 * SSIM wants a range, and numbers >= 0: around 0 its terms of light and of structure are both negative for a picture and its negative, and their
 * product is positive. So √3 is added and the range is √12: a channel that is spread evenly over its range has SSIM's own value and constants.
 * @param source [1|N,3,H,W] in [0,1], at least 11 px a side  @param edited [N,3,H,W] in [0,1]; both are clamped first
 * @returns N numbers from -1 to 1
 * @throws ShapeError, RangeError as `ssim`
 * @source Our own measure.
 */
export const structure = (source: Tensor, edited: Tensor): number[] =>
  eachPair("structure", source, edited, (pair) =>
    meanSsim("structure", { ...pair, source: standardised(pair.source), edited: standardised(pair.edited) }, RANGE),
  );

/** Structure in the table of metrics of pairs. */
export const structureMetric: PairMetric<object> = {
  name: "structure",
  title: "Structure (SSIM of standardised channels)",
  source: "our own",
  better: "higher",
  needs: [],
  measure: async (source, edited) => structure(source, edited),
};

/** Each of three channels with mean √3 and standard deviation 1. */
function standardised(picture: Float64Array): Float64Array {
  const plane = picture.length / 3;
  const result = new Float64Array(picture.length);
  for (let channel = 0; channel < 3; channel++) {
    const x = picture.subarray(channel * plane, (channel + 1) * plane);
    const mean = x.reduce((a, b) => a + b, 0) / plane;
    const deviation = Math.sqrt(x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / plane);
    result.set(
      x.map((value) => MEAN + (value - mean) / Math.max(deviation, LEAST_DEVIATION)),
      channel * plane,
    );
  }
  return result;
}
