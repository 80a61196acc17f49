/**
 * @file The notation of diffusion, and the changes between what networks predict.
 *
 *   x_t = alpha·x0 + sigma·eps,   alpha² + sigma² = 1          (Ho et al. 2006.11239, eq. 4)
 *   v   = alpha·eps − sigma·x0                                 (Salimans & Ho 2202.00512, section 4 and appendix D)
 *
 * Every function takes and returns tensors of one shape, [N,c,h,w], and rounds once.
 */
import { expectShape, type Tensor } from "../core/tensor.js";

/** Noise level of x_t = alpha·x0 + sigma·eps. t: training timestep, 0..999; −1 for the level after the last step. */
export interface Level {
  readonly t: number;
  readonly alpha: number;
  readonly sigma: number;
}

/** What networks predict, in the words of a diffusers scheduler config; "sample" is x0. */
export const PREDICTIONS = ["epsilon", "v_prediction", "sample"] as const;
/** What a network predicts. */
export type Prediction = (typeof PREDICTIONS)[number];

/**
 * a·x + b·y, elementwise.
 * @throws ShapeError where the shapes differ
 */
export function lincomb(a: number, x: Tensor, b: number, y: Tensor): Tensor {
  expectShape("lincomb", y, x.shape);
  const data = new Float32Array(x.data.length);
  for (let k = 0; k < data.length; k++) data[k] = a * x.data[k] + b * y.data[k];
  return { data, shape: x.shape };
}

/** Σ weights_k·parts_k / over, elementwise, rounded once. @throws ShapeError where the shapes differ */
export function weightedSum(weights: readonly number[], over: number, parts: readonly Tensor[]): Tensor {
  const [{ shape, data: first }] = parts;
  for (const part of parts) expectShape("weightedSum", part, shape);
  const data = new Float32Array(first.length);
  for (let k = 0; k < data.length; k++) {
    let sum = 0;
    for (const [n, weight] of weights.entries()) sum += weight * parts[n].data[k];
    data[k] = sum / over;
  }
  return { data, shape };
}

/** x0 = (x_t − sigma·eps) / alpha */
export const x0FromEps = (xt: Tensor, eps: Tensor, { alpha, sigma }: Level): Tensor => lincomb(1 / alpha, xt, -sigma / alpha, eps);

/** x0 = alpha·x_t − sigma·v */
export const x0FromV = (xt: Tensor, v: Tensor, { alpha, sigma }: Level): Tensor => lincomb(alpha, xt, -sigma, v);

/** eps = (x_t − alpha·x0) / sigma; sigma must not be 0 */
export const epsFromX0 = (xt: Tensor, x0: Tensor, { alpha, sigma }: Level): Tensor => lincomb(1 / sigma, xt, -alpha / sigma, x0);

/** eps = sigma·x_t + alpha·v */
export const epsFromV = (xt: Tensor, v: Tensor, { alpha, sigma }: Level): Tensor => lincomb(sigma, xt, alpha, v);

/** v = (alpha·x_t − x0) / sigma; sigma must not be 0 */
export const vFromX0 = (xt: Tensor, x0: Tensor, { alpha, sigma }: Level): Tensor => lincomb(alpha / sigma, xt, -1 / sigma, x0);

/** v = (eps − sigma·x_t) / alpha */
export const vFromEps = (xt: Tensor, eps: Tensor, { alpha, sigma }: Level): Tensor => lincomb(1 / alpha, eps, -sigma / alpha, xt);

/** x_t = alpha·x0 + sigma·eps */
export const addNoise = (x0: Tensor, eps: Tensor, { alpha, sigma }: Level): Tensor => lincomb(alpha, x0, sigma, eps);

type Convert = (xt: Tensor, output: Tensor, level: Level) => Tensor;

const asIs: Convert = (_xt, output) => output;

/** A network's output read as x0 and as eps, by what it predicts. */
export const predictions = {
  epsilon: { x0: x0FromEps, eps: asIs },
  v_prediction: { x0: x0FromV, eps: epsFromV },
  sample: { x0: asIs, eps: epsFromX0 },
} satisfies Record<Prediction, { readonly x0: Convert; readonly eps: Convert }>;
