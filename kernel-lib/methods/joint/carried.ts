/**
 * @file A latent with all that moves with it: what the sampler carries from step to step, and the fresh noise of the step. Whoever crops, rolls, swaps or
 * fuses a latent does the same to the rest; then any joint method runs under any sampler.
 */
import type { Tensor } from "../../core/tensor.js";

/** A latent, of a panorama [1,c,H,W] or of its windows [n,c,h,w], and what moves with it. All tensors have the latent's shape. */
export interface Carried {
  readonly x: Tensor;
  /** the sampler's, in its own order */
  readonly history: readonly Tensor[];
  /** the fresh noise of the step, if its sampler draws any */
  readonly noise?: Tensor;
}

/** Windows after a step. */
export interface Denoised extends Carried {
  /** what each predicts as its clean picture, [n,c,h,w] */
  readonly x0: Tensor;
}

/** Does the same to the latent and to all that moves with it. */
export const over = ({ x, history, noise }: Carried, change: (tensor: Tensor) => Tensor): Carried => ({
  x: change(x),
  history: history.map(change),
  ...(noise && { noise: change(noise) }),
});
