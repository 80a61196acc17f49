/** @file Euler's method along the probability flow, and its ancestral form (Karras et al., arXiv:2206.00364). */
import { ddimStep } from "../ddim.js";
import type { Schedule } from "../schedule.js";
import { karrasRatios, levelOfRatio, ratioBetween, timestepOfRatio } from "../sigma-levels.js";
import { fractionalTimesteps } from "../timestep-spacing.js";
import { CLEAN, emptyState, numberedHops, type Sampler, type SamplerPath, wantNoise } from "./sampler.js";

/** Options of the sampler Euler. */
export interface EulerSamplerOptions {
  /** how noise levels lie between the first and the last: by their timesteps, or "karras", even in the seventh root of sigma/alpha. Default "timesteps" */
  readonly levels?: "timesteps" | "karras";
}

/**
 * x ← x + d·(s' − s) with d = eps, for x over alpha and s = sigma/alpha. For samples of variance 1 that is DDIM's deterministic step; the levels differ:
 * the last step ends without noise, and timesteps may lie between whole ones.
 * @source diffusers 0.40.0, scheduling_euler_discrete.py, without churn
 */
export const eulerSampler = ({ levels = "timesteps" }: EulerSamplerOptions = {}): Sampler => ({
  name: "euler",
  title: "Euler",
  source: "Karras et al. arXiv:2206.00364, algorithm 1 without its second order; diffusers EulerDiscreteScheduler",
  draws: "none",
  keeps: 0,
  init: emptyState,
  path: (schedule, steps, skip = 0) => eulerPath(schedule, steps, { levels, skip }),
  step: (state, xt, output, { now, next }, { prediction } = {}) => ({ ...ddimStep(xt, output, now, next, { prediction }), state }),
});

/**
 * Euler's method to a lower level, and fresh noise up to the next: s_up² = s'²(s² − s'²)/s², s_down² = s'² − s_up². For samples of variance 1 that is
 * DDIM's step with eta 1.
 * @source diffusers 0.40.0, scheduling_euler_ancestral_discrete.py
 */
export const eulerAncestralSampler = (): Sampler => ({
  name: "euler-a",
  title: "Euler, ancestral",
  source: "k-diffusion's ancestral Euler; diffusers EulerAncestralDiscreteScheduler",
  draws: "every step",
  keeps: 0,
  init: emptyState,
  path: (schedule, steps, skip = 0) => eulerPath(schedule, steps, { levels: "timesteps", skip }),
  step: (state, xt, output, { now, next }, { prediction, noise } = {}) => ({
    ...ddimStep(xt, output, now, next, { prediction, stochastic: { eta: 1, noise: wantNoise("euler-a", noise) } }),
    state,
  }),
});

/** The starting noise has the standard deviation of the first level's noise; for "leading", which begins below the noisiest level, that of its whole sample. */
function eulerPath(
  schedule: Schedule,
  steps: number,
  { levels, skip }: { readonly levels: "timesteps" | "karras"; readonly skip: number },
): SamplerPath {
  const { spacing = "leading" } = schedule.config;
  const timesteps = fractionalTimesteps(steps, { ...schedule.config, spacing });
  const spaced = timesteps.map((t) => ratioBetween(schedule.alphaBar, t));
  const ratios = levels === "karras" ? karrasRatios(spaced[0], spaced[steps - 1], steps) : spaced;
  const visited = ratios.map((s, k) => levelOfRatio(levels === "karras" ? timestepOfRatio(schedule.alphaBar, s) : timesteps[k], s));
  return {
    start: spacing === "leading" ? 1 : visited[0].sigma,
    hops: numberedHops(visited.map((now, k) => ({ now, next: visited[k + 1] ?? CLEAN })).slice(skip)),
  };
}
