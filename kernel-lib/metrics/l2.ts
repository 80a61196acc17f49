/** @file L2: the length of the difference of two pictures. */
import type { Tensor } from "../core/tensor.js";
import { eachPair } from "./pair.js";
import type { PairMetric } from "./pair-metric.js";

/**
 * Frobenius norm of the difference over all pixels and channels; it grows with the picture's size. Lower is closer.
 * @param source [1|N,3,H,W] in [0,1]  @param edited [N,3,H,W] in [0,1]; both are clamped first
 * @returns N numbers >= 0
 * @throws ShapeError, RangeError as all metrics of pairs
 * @source ChenWu98/cycle-diffusion, evaluation/utils.py. Differs: nowhere.
 */
export const l2 = (source: Tensor, edited: Tensor): number[] =>
  eachPair("l2", source, edited, (pair) => Math.sqrt(pair.source.reduce((sum, x, k) => sum + (x - pair.edited[k]) ** 2, 0)));

/** L2 in the table of metrics of pairs. */
export const l2Metric: PairMetric<object> = {
  name: "l2",
  title: "L2",
  source: "ChenWu98/cycle-diffusion, evaluation/utils.py",
  better: "lower",
  needs: [],
  measure: async (source, edited) => l2(source, edited),
};
