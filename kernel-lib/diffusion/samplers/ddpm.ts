/** @file The sampler DDPM (Ho et al., arXiv:2006.11239): ancestral sampling. */
import { ddimStep } from "../ddim.js";
import { lincomb, predictions } from "../notation.js";
import { CLEAN, emptyState, numberedHops, type Sampler, wantNoise } from "./sampler.js";

/** Options of the sampler DDPM. */
export interface DdpmSamplerOptions {
  /** the variance of the fresh noise: "small", of the posterior, or "large", beta (Ho et al., section 3.2). Default "small" */
  readonly variance?: "small" | "large";
}

/**
 * A draw of q(x_next | x_t, x0): with the small variance that is DDIM's step with eta 1. A step goes to the next visited timestep, the last to a picture
 * without noise.
 * @source diffusers 0.40.0, scheduling_ddpm.py, without clipping of x0
 */
export function ddpmSampler({ variance = "small" }: DdpmSamplerOptions = {}): Sampler {
  return {
    name: "ddpm",
    title: "DDPM",
    source: "Ho et al. arXiv:2006.11239, algorithm 2; diffusers DDPMScheduler",
    draws: "every step",
    keeps: 0,
    init: emptyState,
    path(schedule, steps, skip = 0) {
      const levels = schedule
        .timesteps(steps)
        .slice(skip)
        .map((t) => schedule.level(t));
      return { start: 1, hops: numberedHops(levels.map((now, k) => ({ now, next: levels[k + 1] ?? CLEAN }))) };
    },
    step(state, xt, output, { now, next }, { prediction = "epsilon", noise } = {}) {
      const fresh = wantNoise("ddpm", noise);
      if (variance === "small") return { ...ddimStep(xt, output, now, next, { prediction, stochastic: { eta: 1, noise: fresh } }), state };
      const x0 = predictions[prediction].x0(xt, output, now);
      const kept = (now.alpha / next.alpha) ** 2; // 1 − beta of the hop
      const mean = lincomb((next.alpha * (1 - kept)) / now.sigma ** 2, x0, (Math.sqrt(kept) * next.sigma ** 2) / now.sigma ** 2, xt);
      return { state, x0, prev: now.t > 0 ? lincomb(1, mean, Math.sqrt(1 - kept), fresh) : mean };
    },
  };
}
