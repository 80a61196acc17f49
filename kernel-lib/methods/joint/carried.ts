/**
 * @file A latent with all that moves with it: what the sampler carries from step to step, and the fresh noise of the step. Whoever crops, rolls, swaps or
 * fuses a latent does the same to the rest; then any joint method runs under any sampler.
 */
import { rows, stack, type Tensor } from "../../core/tensor.js";

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

/** Several in one: [a,c,h,w], [b,c,h,w], … -> [a+b+…,c,h,w]. They are of one step of one sampler. */
export function stacked(all: readonly Carried[]): Carried {
  const noises = all.flatMap(({ noise }) => noise ?? []);
  return {
    x: stack(all.map(({ x }) => x)),
    history: all[0].history.map((_, k) => stack(all.map(({ history }) => history[k]))),
    ...(noises.length > 0 && { noise: stack(noises) }),
  };
}

/** Rows [from, to) of windows after a step, with what moves with them. */
export const denoisedRows = (denoised: Denoised, from: number, to: number): Denoised => ({
  ...over(denoised, (all) => rows(all, from, to)),
  x0: rows(denoised.x0, from, to),
});

/** A latent and its history as tensors of a step's state. @param name of the latent; its history has names of its own */
export const toState = (name: string, { x, history }: Carried): Record<string, Tensor> => ({
  [name]: x,
  ...Object.fromEntries(history.map((each, k) => [`${name}-history-${k}`, each])),
});

/** What `toState` put into a state; undefined where it has none of that name. */
export function fromState(name: string, state: Readonly<Record<string, Tensor>>): Carried | undefined {
  const { [name]: x } = state;
  if (!x) return undefined;
  const count = Object.keys(state).filter((key) => key.startsWith(`${name}-history-`)).length;
  return { x, history: Array.from({ length: count }, (_, k) => state[`${name}-history-${k}`]) };
}
