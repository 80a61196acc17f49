/** @file DDIM (Song et al. 2010.02502) as a pure function: a step can be replayed, and windows can share one. */
import type { Tensor } from "../core/tensor.js";
import { type Level, lincomb, type Prediction, predictions } from "./notation.js";

/** Options of `ddimStep`. */
export interface DdimOptions {
  /** what `output` is; default "epsilon" */
  readonly prediction?: Prediction;
  /** fresh noise for a stochastic step: eta in [0,1] (1 is DDPM) and noise of the sample's shape. Absent: deterministic. */
  readonly stochastic?: { readonly eta: number; readonly noise: Tensor };
}

/** The result of a DDIM step. */
export interface DdimStep {
  /** the predicted x0, [N,c,h,w] */
  readonly x0: Tensor;
  /** the sample at level `next`, [N,c,h,w] */
  readonly prev: Tensor;
}

/**
 * One step from level `now` to the less noisy level `next`, eq. 12:
 *
 *   x_next = alpha'·x0 + √(sigma'² − s²)·eps + s·noise,   s = eta · (sigma'/sigma) · √(1 − (alpha/alpha')²)    (eq. 16)
 *
 * @param xt the sample at level `now`, [N,c,h,w]
 * @param output the network's prediction at `now`, after guidance, [N,c,h,w]
 * @source diffusers 0.15.1, scheduling_ddim.py `step`, without clipping or thresholding of x0
 */
export function ddimStep(xt: Tensor, output: Tensor, now: Level, next: Level, options: DdimOptions = {}): DdimStep {
  const read = predictions[options.prediction ?? "epsilon"];
  const x0 = read.x0(xt, output, now);
  const eps = read.eps(xt, output, now);
  if (!options.stochastic) return { x0, prev: lincomb(next.alpha, x0, next.sigma, eps) };

  const { eta, noise } = options.stochastic;
  if (!(eta >= 0 && eta <= 1)) throw new RangeError(`ddimStep: eta ${eta}, want a number from 0 to 1`);
  const s = eta * (next.sigma / now.sigma) * Math.sqrt(1 - (now.alpha / next.alpha) ** 2);
  const mean = lincomb(next.alpha, x0, Math.sqrt(next.sigma ** 2 - s ** 2), eps);
  return { x0, prev: lincomb(1, mean, s, noise) };
}
