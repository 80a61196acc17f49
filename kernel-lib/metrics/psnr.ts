/** @file PSNR: how little an edit changed, pixel by pixel. */
import type { Tensor } from "../core/tensor.js";
import { eachPair } from "./pair.js";
import type { PairMetric } from "./pair-metric.js";

/** Of equal pictures, whose ratio is infinite. */
const EQUAL = 100;

/**
 * Peak signal-to-noise ratio, 10·log10(1/mse) with the mean over pixels and channels; 100 where the pictures are equal. Higher is closer.
 * @param source [1|N,3,H,W] in [0,1]  @param edited [N,3,H,W] in [0,1]; both are clamped first
 * @returns N numbers, in dB
 * @throws ShapeError, RangeError as all metrics of pairs
 * @source ChenWu98/cycle-diffusion, evaluation/utils.py. Differs: nowhere.
 */
export const psnr = (source: Tensor, edited: Tensor): number[] =>
  eachPair("psnr", source, edited, (pair) => {
    const mse = pair.source.reduce((sum, x, k) => sum + (x - pair.edited[k]) ** 2, 0) / pair.source.length;
    return mse === 0 ? EQUAL : 10 * Math.log10(1 / mse);
  });

/** PSNR in the table of metrics of pairs. */
export const psnrMetric: PairMetric<object> = {
  name: "psnr",
  title: "PSNR (dB)",
  source: "ChenWu98/cycle-diffusion, evaluation/utils.py",
  better: "higher",
  needs: [],
  measure: async (source, edited) => psnr(source, edited),
};
