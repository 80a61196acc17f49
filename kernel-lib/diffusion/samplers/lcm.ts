/** @file The sampler of latent consistency models (Luo et al., arXiv:2310.04378), for checkpoints that were distilled to few steps. */
import { addNoise, lincomb, predictions } from "../notation.js";
import { CLEAN, emptyState, numberedHops, type Sampler, wantNoise } from "./sampler.js";

/** Options of the sampler LCM. */
export interface LcmSamplerOptions {
  /** steps of the path that the model was distilled from; default 50 */
  readonly originalSteps?: number;
  /** scales timesteps in the boundary condition; default 10 */
  readonly timestepScaling?: number;
}

/** The standard deviation of data in the boundary condition. */
const DATA = 0.5;

/**
 * Each step predicts the clean picture, d = c_out·x0 + c_skip·x_t, and adds fresh noise of the next level to it; the last step is d itself. With q =
 * timestepScaling·t: c_skip = 0.25/(q² + 0.25), c_out = q/√(q² + 0.25).
 * @throws RangeError for more steps than originalSteps
 * @source diffusers 0.40.0, scheduling_lcm.py
 */
export const lcmSampler = ({ originalSteps = 50, timestepScaling = 10 }: LcmSamplerOptions = {}): Sampler => ({
  name: "lcm",
  title: "LCM",
  source: "Luo et al. arXiv:2310.04378, algorithm 3; diffusers LCMScheduler",
  draws: "every step",
  keeps: 0,
  init: emptyState,
  path(schedule, steps, skip = 0) {
    if (!Number.isInteger(steps) || steps < 1 || steps > originalSteps)
      throw new RangeError(`sampler lcm: steps ${steps}, want a whole number from 1 to ${originalSteps}`);
    const apart = Math.floor(schedule.config.trainTimesteps / originalSteps);
    const at = (k: number) => (originalSteps - Math.floor((k * originalSteps) / steps)) * apart - 1;
    const levels = Array.from({ length: steps }, (_, k) => schedule.level(at(k)));
    return { start: 1, hops: numberedHops(levels.map((now, k) => ({ now, next: levels[k + 1] ?? CLEAN })).slice(skip)) };
  },
  step(state, xt, output, { now, next }, { prediction = "epsilon", noise } = {}) {
    const q = timestepScaling * now.t;
    const [skip, out] = [DATA ** 2 / (q ** 2 + DATA ** 2), q / Math.sqrt(q ** 2 + DATA ** 2)];
    const x0 = lincomb(out, predictions[prediction].x0(xt, output, now), skip, xt);
    return { state, x0, prev: next.sigma === 0 ? x0 : addNoise(x0, wantNoise("lcm", noise), next) };
  },
});
