/** @file The noisy path of a picture that is known: DDIM's posterior, from the first level down to the picture. */
import type { Tensor } from "../../core/tensor.js";
import { posteriorStep } from "../../diffusion/ddim.js";
import { addNoise } from "../../diffusion/notation.js";
import type { Hop } from "../../diffusion/schedule.js";
import { drawOf } from "./noise-option.js";

/** A draw of the path, hop by hop. */
export interface PosteriorPath {
  /** x_T = alpha·x_0 + sigma·w_0, [N,c,h,w] */
  readonly start: Tensor;
  /** x_next ~ q(x_next | x_t, x_0); the last hop gives x_0 itself. */
  next(xt: Tensor, hop: Hop): Tensor;
}

/**
 * Draws the path of a known picture.
 * @param run of which `done` steps are finished: their noise is drawn again, so that the rest is the same
 * @param noise [n,N,c,h,w], w_0 first; absent: drawn by `fresh`
 */
export function posteriorPath(
  { x0, hops, done, fresh }: { readonly x0: Tensor; readonly hops: readonly Hop[]; readonly done: number; fresh(): Tensor },
  { eta, noise }: { readonly eta: number; readonly noise?: Tensor },
): PosteriorPath {
  const draw = (k: number) => (noise ? drawOf(noise, k) : fresh());
  const start = addNoise(x0, draw(0), hops[0].now);
  for (let k = 1; k <= done; k++) draw(k);
  return {
    start,
    next: (xt, hop) => (hop.index === hops.length - 1 ? x0 : posteriorStep(xt, x0, draw(hop.index + 1), hop.now, hop.next, eta)),
  };
}
