/**
 * @file PLMS (Liu et al., Pseudo Numerical Methods for Diffusion Models, 2202.09778) as pure functions: DDIM's step with a noise that is
 * extrapolated from the predictions of earlier steps. Deterministic: it has no eta.
 *
 *   e' = (e + e_ahead)/2                                  first step (Heun: e_ahead is predicted at the end of a step along e)
 *   e' = (3e − e₁)/2                                      Adams-Bashforth 2
 *   e' = (23e − 16e₁ + 5e₂)/12                            Adams-Bashforth 3
 *   e' = (55e − 59e₁ + 37e₂ − 9e₃)/24                     Adams-Bashforth 4, from then on
 *   x_next = alpha'·x0 + sigma'·e',   x0 = (x_t − sigma·e')/alpha
 */
import type { Tensor } from "../core/tensor.js";
import { type DdimStep, ddimStep } from "./ddim.js";
import { weightedSum } from "./notation.js";
import type { Hop } from "./schedule.js";

/** What a run carries from step to step. */
export interface PlmsState {
  /** noise predictions of the last steps, newest first, at most three, [N,c,h,w] each */
  readonly history: readonly Tensor[];
}

/** The second question of a run's first step. */
export interface PlmsAhead {
  /** [N,c,h,w], what to predict the noise of */
  readonly sample: Tensor;
  /** its timestep */
  readonly timestep: number;
}

/** The result of a PLMS step. */
export interface PlmsStep extends DdimStep {
  /** for the next step */
  readonly state: PlmsState;
  /** the noise the step was taken with, [N,c,h,w] */
  readonly eps: Tensor;
}

/** Weights of the newest prediction and those before it, over their divisor, by how many there are. */
export const ADAMS_BASHFORTH = [
  { weights: [3, -1], over: 2 },
  { weights: [23, -16, 5], over: 12 },
  { weights: [55, -59, 37, -9], over: 24 },
] as const;

/** The state before a run's first step. A pyramid begins each of its stages with it. */
export const plmsStart = (): PlmsState => ({ history: [] });

/**
 * Where the network is to be asked a second time: at the end of DDIM's step along `eps`, in a run's first step; undefined in all others.
 * @param xt [N,c,h,w]
 * @param eps the noise predicted for xt, after guidance, [N,c,h,w]
 * @returns the timestep is the next step's; the step's own, where it is the run's only one
 * @source Frido, ldm/models/diffusion/plms.py `p_sample_plms`
 */
export function plmsAhead(state: PlmsState, xt: Tensor, eps: Tensor, { now, next }: Hop): PlmsAhead | undefined {
  if (state.history.length > 0) return undefined;
  return { sample: ddimStep(xt, eps, now, next).prev, timestep: next.t < 0 ? now.t : next.t };
}

/**
 * One step from level `now` of the hop to its level `next`.
 * @param xt [N,c,h,w]
 * @param eps the noise predicted for xt, after guidance, [N,c,h,w]. A network of another kind of prediction: `predictions[kind].eps`
 * @param ahead the noise predicted for what `plmsAhead` gave; wanted in a run's first step, and in no other
 * @throws TypeError where `ahead` is missing in the first step, or given in a later one
 * @source Frido, ldm/models/diffusion/plms.py `p_sample_plms`
 */
export function plmsStep(state: PlmsState, xt: Tensor, eps: Tensor, { now, next }: Hop, ahead?: Tensor): PlmsStep {
  const { history } = state;
  if ((history.length === 0) !== (ahead !== undefined))
    throw new TypeError(
      ahead
        ? "plmsStep: got a prediction ahead after the first step, want none"
        : "plmsStep: want the prediction ahead in the first step; see plmsAhead",
    );
  const { weights, over } = ahead ? { weights: [1, 1], over: 2 } : ADAMS_BASHFORTH[Math.min(history.length, 3) - 1];
  const used = weightedSum(weights, over, ahead ? [eps, ahead] : [eps, ...history]);
  return { ...ddimStep(xt, used, now, next), eps: used, state: { history: [eps, ...history].slice(0, 3) } };
}
