/** The laws of all samplers, over their table; the golden numbers are in test/golden/samplers.test.ts. */
import { describe, expect, test } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import type { Sampler, SamplerHop } from "#kernel-lib/diffusion/samplers/sampler.js";
import { SAMPLER_NAMES, SAMPLERS, samplerOf } from "#kernel-lib/diffusion/samplers/samplers.js";
import { createSchedule } from "#kernel-lib/diffusion/schedule.js";
import { type Carried, over } from "#kernel-lib/methods/joint/carried.js";
import { cropAll, fuse } from "#kernel-lib/methods/joint/fuse.js";
import { planWindows } from "#kernel-lib/methods/joint/windows.js";
import { config as toyConfig } from "../methods/joint/toy.js";

const { schedule: config } = toyConfig;
const SHAPE = [1, 2, 4, 12] as const;
const MEAN = 0.3;
/** The exact noise of data N(0.3, 1): eps = sigma·(x − alpha·0.3). */
const eps = (x: Tensor, { now }: SamplerHop): Tensor => ({ data: x.data.map((v) => now.sigma * (v - now.alpha * MEAN)), shape: x.shape });
const noiseOf = (k: number) => randn(createRng(100 + k), SHAPE);

/** Runs a sampler; `around` may take the latent apart before each step and put it together after it. */
function run(
  sampler: Sampler,
  steps: number,
  around: (z: Carried, step: (part: Carried) => Carried) => Carried = (z, step) => step(z),
): Tensor {
  const { start, hops } = sampler.path(createSchedule(config), steps);
  let z: Carried = { x: { ...noiseOf(0), data: noiseOf(0).data.map((x) => start * x) }, history: sampler.init().history };
  for (const hop of hops) {
    const fresh = sampler.draws === "none" ? z : { ...z, noise: noiseOf(1 + hop.index) };
    z = around(fresh, ({ x, history, noise }) => {
      const step = sampler.step({ history }, x, eps(x, hop), hop, { noise });
      return { x: step.prev, history: step.state.history };
    });
  }
  return z.x;
}

const samplers = [...SAMPLER_NAMES.map((name) => [name, SAMPLERS[name]()] as const), ["ddim, eta 1", SAMPLERS.ddim({ eta: 1 })] as const];

describe.each(samplers)("%s", (_, sampler) => {
  test("a step is pure: the same arguments give the same result, and stay as they were", () => {
    const { hops } = sampler.path(createSchedule(config), 5);
    let state = sampler.init();
    let x: Tensor = noiseOf(0);
    for (const hop of hops) {
      const noise = noiseOf(hop.index);
      const copy = structuredClone({ state, x, noise });
      const [first, second] = [0, 1].map(() => sampler.step(state, x, eps(x, hop), hop, { noise }));
      expect(second).toEqual(first);
      expect({ state, x, noise }).toEqual(copy);
      [state, x] = [first.state, first.prev];
    }
  });

  test("works number by number: windows with a share of the history each give the canvas's numbers, bit for bit", () => {
    const windows = planWindows({ window: 4, height: 4, width: 12, stride: 4 });
    const apart = run(sampler, 6, (z, step) => {
      const parts = step(over(z, (all) => cropAll(all, windows)));
      return over(parts, (part) => fuse(part, windows, SHAPE));
    });
    expect(apart).toEqual(run(sampler, 6));
  });

  test("overlapping windows that agree give the canvas's numbers", () => {
    const windows = planWindows({ window: 4, height: 4, width: 12, stride: 2 });
    const joint = run(sampler, 6, (z, step) => over(step(over(z, (all) => cropAll(all, windows))), (part) => fuse(part, windows, SHAPE)));
    const plain = run(sampler, 6);
    for (const [k, x] of joint.data.entries()) expect(Math.abs(x - plain.data[k])).toBeLessThan(1e-5);
  });

  test("carries no more than it says, and a run of one step ends", () => {
    for (const steps of [1, 2, 3, 9]) {
      const x = run(sampler, steps);
      expect(x.data.every(Number.isFinite)).toBe(true);
    }
  });

  // LCM's network is distilled, and the exact one is not
  test.runIf(sampler.name !== "lcm")("with the exact network, the end has the data's mean and about its spread", () => {
    const { start, hops } = sampler.path(createSchedule(config), 50);
    const shape = [1, 1, 1, 4000];
    let state = sampler.init();
    let x: Tensor = { ...randn(createRng(1), shape), data: randn(createRng(1), shape).data.map((v) => start * v) };
    for (const hop of hops) {
      const noise = sampler.draws === "none" ? undefined : randn(createRng(2 + hop.index), shape);
      const step = sampler.step(state, x, eps(x, hop), hop, { noise });
      [state, x] = [step.state, step.prev];
    }
    const mean = x.data.reduce((a, b) => a + b) / 4000;
    const variance = x.data.reduce((a, b) => a + (b - mean) ** 2, 0) / 4000;
    expect(Math.abs(mean - MEAN)).toBeLessThan(0.06);
    expect(Math.abs(variance - 1)).toBeLessThan(0.1);
  });

  test.runIf(sampler.draws === "every step")("wants noise in every step, and says so", () => {
    const [hop] = sampler.path(createSchedule(config), 4).hops;
    expect(() => sampler.step(sampler.init(), noiseOf(0), noiseOf(1), hop)).toThrow(/got no noise/);
  });
});

describe("the variance law: fresh noise is drawn by place, not by window", () => {
  /** Three windows over each of 4,000 places; `shared` noise is one draw per place. */
  const variance = (sampler: Sampler, shared: "shared" | "per window") => {
    const shape = [1, 1, 1, 4000];
    const { hops } = sampler.path(createSchedule(config), 20);
    const hop = hops[10];
    const x = randn(createRng(5), shape);
    const of = (k: number) =>
      sampler.step(sampler.init(), x, eps(x, hop), hop, { noise: randn(createRng(shared === "shared" ? 9 : 10 + k), shape) }).prev;
    const windows = [of(0), of(1), of(2)];
    const fused = x.data.map((_, k) => (windows[0].data[k] + windows[1].data[k] + windows[2].data[k]) / 3);
    const mean = fused.reduce((a, b) => a + b) / 4000;
    return fused.reduce((a, b) => a + (b - mean) ** 2, 0) / 4000;
  };
  const STANDARD_ERROR = Math.sqrt(2 / 4000);
  const drawing = samplers.filter(([name, { draws }]) => draws !== "none" && name !== "lcm");

  test.each(drawing)("%s: the fused latent keeps the schedule's variance, 1, within three standard errors", (_, sampler) => {
    expect(Math.abs(variance(sampler, "shared") - 1)).toBeLessThan(3 * STANDARD_ERROR + 0.02);
  });

  test.each(drawing)("%s: with noise per window it does not", (_, sampler) => {
    expect(variance(sampler, "per window")).toBeLessThan(1 - 3 * STANDARD_ERROR);
  });
});

test("a sampler object that windows share, as elsewhere, takes one window's history for another's", () => {
  const sampler = samplerOf({ name: "dpmpp-2m" });
  const windows = planWindows({ window: 4, height: 4, width: 12, stride: 4 });
  let common = sampler.init().history; // one history for all windows
  const shared = run(sampler, 8, (z, step) => {
    const parts = windows.map((window) => {
      const one = step({ x: cropAll(z.x, [window]), history: common });
      common = one.history;
      return one.x;
    });
    const x = { data: Float32Array.from(parts.flatMap(({ data }) => [...data])), shape: [3, 2, 4, 4] };
    return { x: fuse(x, windows, SHAPE), history: [] };
  });
  const plain = run(sampler, 8);
  const spread = Math.sqrt(plain.data.reduce((a, x) => a + (x - MEAN) ** 2, 0) / plain.data.length);
  const furthest = Math.max(...shared.data.map((x, k) => Math.abs(x - plain.data[k]))) / spread;
  expect(furthest).toBeGreaterThan(0.1);
});
