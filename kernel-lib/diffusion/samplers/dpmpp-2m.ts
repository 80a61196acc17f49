/** @file The sampler DPM-Solver++(2M) (Lu et al., arXiv:2211.01095): second order, from two predictions of x0. */
import { lincomb, predictions } from "../notation.js";
import { karrasRatios, levelOfRatio, ratioAt, timestepOfRatio } from "../sigma-levels.js";
import { roundHalfEven, solverTimesteps } from "../timestep-spacing.js";
import { CLEAN, emptyState, logSnr, numberedHops, type Sampler, type SamplerHop } from "./sampler.js";

/** Options of the sampler DPM-Solver++(2M). */
export interface DpmppSamplerOptions {
  /** 1 uses the newest prediction alone; default 2 */
  readonly order?: 1 | 2;
  /** as for Euler; default "timesteps" */
  readonly levels?: "timesteps" | "karras";
  /** where the last step ends: without noise, or at the level of timestep 0. Default "zero" */
  readonly last?: "zero" | "timestep 0";
}

/** Runs of fewer steps end with a step of first order, wherever they end. */
const SHORT = 15;

/**
 * With λ = log(alpha/sigma), h = λ' − λ, and r = h_before/h:
 *
 *   x_next = (sigma'/sigma)·x_t − alpha'·(e^−h − 1)·D,   D = x0 + (x0 − x0_before)/(2r)
 *
 * The first step has D = x0; so has the last, where it ends without noise or the run is short.
 * @source diffusers 0.40.0, scheduling_dpmsolver_multistep.py with algorithm_type "dpmsolver++", solver_type "midpoint", lower_order_final
 */
export function dpmppSampler({ order = 2, levels = "timesteps", last = "zero" }: DpmppSamplerOptions = {}): Sampler {
  const second = ({ index, of, next }: SamplerHop) => order === 2 && index > 0 && !(index === of - 1 && (of < SHORT || next.sigma === 0));
  return {
    name: "dpmpp-2m",
    title: "DPM-Solver++(2M)",
    source: "Lu et al. arXiv:2211.01095, algorithm 2; diffusers DPMSolverMultistepScheduler",
    draws: "none",
    keeps: 1,
    init: emptyState,
    path(schedule, steps, skip = 0) {
      const { spacing = "leading", trainTimesteps } = schedule.config;
      const spaced = solverTimesteps(steps, { ...schedule.config, spacing }).map((t) => levelOfRatio(t, ratioAt(schedule.alphaBar, t)));
      const visited =
        levels === "timesteps"
          ? spaced
          : karrasRatios(ratioAt(schedule.alphaBar, trainTimesteps - 1), ratioAt(schedule.alphaBar, 0), steps).map((s) =>
              levelOfRatio(roundHalfEven(timestepOfRatio(schedule.alphaBar, s)), s),
            );
      const end = last === "zero" ? CLEAN : { ...levelOfRatio(-1, ratioAt(schedule.alphaBar, 0)) };
      return { start: 1, hops: numberedHops(visited.map((now, k) => ({ now, next: visited[k + 1] ?? end })).slice(skip)) };
    },
    step(state, xt, output, hop, { prediction = "epsilon" } = {}) {
      const { now, next, before } = hop;
      const x0 = predictions[prediction].x0(xt, output, now);
      const after = { history: [x0] };
      if (next.sigma === 0) return { state: after, x0, prev: x0 };
      const h = logSnr(next) - logSnr(now);
      const [earlier] = state.history;
      const slope = 1 / (2 * ((logSnr(now) - logSnr(before[0] ?? now)) / h)); // 1/(2r); not used in the first step
      const d = second(hop) && earlier ? lincomb(1 + slope, x0, -slope, earlier) : x0;
      return { state: after, x0, prev: lincomb(next.sigma / now.sigma, xt, -next.alpha * Math.expm1(-h), d) };
    },
  };
}
