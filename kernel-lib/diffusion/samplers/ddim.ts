/** @file The sampler DDIM (Song et al., arXiv:2010.02502). */
import { ddimStep } from "../ddim.js";
import { emptyState, numberedHops, type Sampler, wantNoise } from "./sampler.js";

/** Options of the sampler DDIM. */
export interface DdimSamplerOptions {
  /** in [0,1]: the share of fresh noise; 0 draws none, 1 is DDPM. Default 0 */
  readonly eta?: number;
}

/**
 * x_next = alpha'·x0 + √(sigma'² − s²)·eps + s·noise, with s by eta: `ddimStep`. A step goes from timestep t to t − ⌊T/N⌋, whatever the spacing, as the official
 * code has it; for "trailing" and "linspace" that is not always the next timestep.
 * @throws RangeError for eta outside [0,1]
 * @source diffusers 0.40.0, scheduling_ddim.py, without clipping of x0
 */
export function ddimSampler({ eta = 0 }: DdimSamplerOptions = {}): Sampler {
  if (!(eta >= 0 && eta <= 1)) throw new RangeError(`sampler ddim: eta ${eta}, want a number from 0 to 1`);
  return {
    name: "ddim",
    title: "DDIM",
    source: "Song et al. arXiv:2010.02502, eq. 12; diffusers DDIMScheduler",
    draws: eta === 0 ? "none" : "every step",
    keeps: 0,
    init: emptyState,
    path(schedule, steps, skip = 0) {
      const apart = Math.floor(schedule.config.trainTimesteps / steps);
      const timesteps = schedule.timesteps(steps).slice(skip);
      return { start: 1, hops: numberedHops(timesteps.map((t) => ({ now: schedule.level(t), next: schedule.level(t - apart) }))) };
    },
    step(state, xt, output, { now, next }, { prediction, noise } = {}) {
      const stochastic = eta === 0 ? undefined : { eta, noise: wantNoise("ddim with eta above 0", noise) };
      return { ...ddimStep(xt, output, now, next, { prediction, stochastic }), state };
    },
  };
}
