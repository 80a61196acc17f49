/** @file The sampler PNDM as Stable Diffusion's folders name it (Liu et al., arXiv:2202.09778, without its Runge-Kutta steps). */
import type { Tensor } from "../../core/tensor.js";
import { ddimStep } from "../ddim.js";
import { weightedSum } from "../notation.js";
import { ADAMS_BASHFORTH } from "../plms.js";
import { emptyState, numberedHops, type Sampler } from "./sampler.js";

/**
 * DDIM's step with an output that is extrapolated from those before: m = (3o − o₁)/2, (23o − 16o₁ + 5o₂)/12, then (55o − 59o₁ + 37o₂ − 9o₃)/24. The
 * network's first step is taken twice: at its end the network is asked again, and the step is repeated with m = (o + o₀)/2. So N steps ask it N + 1 times. What
 * is extrapolated is the network's own output, whatever it predicts.
 * @source diffusers 0.40.0, scheduling_pndm.py with skip_prk_steps. Differs: where first steps are left out, the first one that is taken is taken twice, as in a
 * whole run; diffusers' img2img passes over one step there.
 */
export const pndmSampler = (): Sampler => ({
  name: "pndm",
  title: "PNDM",
  source: "Liu et al. arXiv:2202.09778, PLMS; diffusers PNDMScheduler",
  draws: "none",
  keeps: 3,
  init: emptyState,
  path(schedule, steps, skip = 0) {
    const apart = Math.floor(schedule.config.trainTimesteps / steps);
    const [first, ...rest] = schedule.timesteps(steps).slice(skip);
    const step = (t: number) => ({ now: schedule.level(t), next: schedule.level(t - apart) });
    if (first === undefined) return { start: 1, hops: [] };
    if (rest.length === 0) return { start: 1, hops: numberedHops([step(first)]) };
    const [second] = rest;
    const again = { now: schedule.level(second), from: schedule.level(second + apart), next: schedule.level(second) };
    return { start: 1, hops: numberedHops([step(first), again, ...rest.map(step)]) };
  },
  step({ history }, xt, output, { index, now, next, from = now }, { prediction } = {}) {
    const take = (x: Tensor, m: Tensor) => ddimStep(x, m, from, next, { prediction });
    if (index === 0) return { ...take(xt, output), state: { history: [output, xt] } };
    if (index === 1) {
      const [first, start] = history;
      return { ...take(start, weightedSum([1, 1], 2, [output, first])), state: { history: [first] } };
    }
    const { weights, over } = ADAMS_BASHFORTH[Math.min(history.length, 3) - 1];
    return { ...take(xt, weightedSum(weights, over, [output, ...history])), state: { history: [output, ...history].slice(0, 3) } };
  },
});
