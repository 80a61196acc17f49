/** @file DDIM (Song et al. 2010.02502) as a pure function: a step can be replayed, and windows can share one. */
import type { Tensor } from "../core/tensor.js";
import { type Level, lincomb, type Prediction, predictions } from "./notation.js";

/** Options of `ddimStep`. */
export interface DdimOptions {
  /** what `output` is; default "epsilon" */
  readonly prediction?: Prediction;
  /** clips the predicted x0 to [−clip, clip]; the predicted noise stays as it is. Default: no clipping */
  readonly clip?: number;
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
 * @source diffusers 0.15.1, scheduling_ddim.py `step`, without thresholding of x0
 */
export function ddimStep(xt: Tensor, output: Tensor, now: Level, next: Level, options: DdimOptions = {}): DdimStep {
  const read = predictions[options.prediction ?? "epsilon"];
  const predicted = read.x0(xt, output, now);
  const x0 = options.clip === undefined ? predicted : clipped(predicted, options.clip);
  const eps = read.eps(xt, output, now);
  if (!options.stochastic) return { x0, prev: lincomb(next.alpha, x0, next.sigma, eps) };

  const { eta, noise } = options.stochastic;
  if (!(eta >= 0 && eta <= 1)) throw new RangeError(`ddimStep: eta ${eta}, want a number from 0 to 1`);
  const { s, d } = ddimSpread(now, next, eta);
  return { x0, prev: lincomb(1, lincomb(next.alpha, x0, d, eps), s, noise) };
}

const clipped = ({ data, shape }: Tensor, to: number): Tensor => ({ data: data.map((x) => Math.min(to, Math.max(-to, x))), shape });

/**
 * How a stochastic step divides the noise of its next level: s is the standard deviation of the fresh noise, d the factor of the predicted noise,
 * s² + d² = sigma'².
 */
export function ddimSpread(now: Level, next: Level, eta: number): { readonly s: number; readonly d: number } {
  const s = eta * (next.sigma / now.sigma) * Math.sqrt(1 - (now.alpha / next.alpha) ** 2);
  return { s, d: Math.sqrt(Math.max(0, next.sigma ** 2 - s ** 2)) };
}

/** Options of `ddimNoise`. */
export interface DdimNoiseOptions {
  /** in (0,1] */
  readonly eta: number;
  /** what `output` is; default "epsilon" */
  readonly prediction?: Prediction;
}

/**
 * The noise with which a stochastic step goes from x_t to a given x_next, so that
 * `ddimStep(xt, output, now, next, { stochastic: { eta, noise } }).prev` is x_next:
 *
 *   z = (x_next − mu(x_t)) / s,   mu(x_t) = alpha'·x0 + d·eps
 *
 * z is the remainder of a prediction. It is not standard normal: its standard deviation grows as s becomes small.
 * @param xt the sample at level `now`, [N,c,h,w]
 * @param output the network's prediction at `now`, after guidance, [N,c,h,w]
 * @param xnext the sample at level `next`, [N,c,h,w]
 * @throws RangeError for eta outside (0,1], and where the step has no fresh noise (s = 0)
 * @source Wu and De la Torre, CycleDiffusion, eq. 4; ldm/models/diffusion/ddim.py `_ddpm_ddim_encoding`
 */
export function ddimNoise(
  xt: Tensor,
  output: Tensor,
  xnext: Tensor,
  now: Level,
  next: Level,
  { eta, prediction = "epsilon" }: DdimNoiseOptions,
): Tensor {
  if (!(eta > 0 && eta <= 1)) throw new RangeError(`ddimNoise: eta ${eta}, want a number above 0, at most 1; eta 0 has no noise`);
  const { s } = ddimSpread(now, next, eta);
  if (s === 0) throw new RangeError(`ddimNoise: the step to timestep ${next.t} has no noise, want a next level with sigma above 0`);
  const still = { data: new Float32Array(xt.data.length), shape: xt.shape };
  const mean = ddimStep(xt, output, now, next, { prediction, stochastic: { eta, noise: still } }).prev;
  return lincomb(1 / s, xnext, -1 / s, mean);
}

/**
 * A draw of q(x_next | x_t, x_0), the posterior of the noisy picture when the clean one is known:
 *
 *   x_next = alpha'·x0 + d·e + s·noise,   e = (x_t − alpha·x0) / sigma
 *
 * @param noise standard normal, [N,c,h,w]
 * @source DDIM eq. 7
 */
export function posteriorStep(xt: Tensor, x0: Tensor, noise: Tensor, now: Level, next: Level, eta: number): Tensor {
  return ddimStep(xt, x0, now, next, { prediction: "sample", stochastic: { eta, noise } }).prev;
}
