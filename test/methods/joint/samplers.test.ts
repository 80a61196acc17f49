/** Laws over all joint methods × all samplers × strip, ring, grid and wrapped grid, on a model whose network is a closed formula. */
import { describe, expect, test } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import type { JointModelConfig } from "#kernel-lib/diffusion/joint-model.js";
import { SAMPLER_NAMES, SAMPLERS } from "#kernel-lib/diffusion/samplers/samplers.js";
import { multiDiffusion } from "#kernel-lib/methods/joint/multidiffusion.js";
import type { StepRecord } from "#kernel-lib/methods/joint/step-record.js";
import { syncDiffusion } from "#kernel-lib/methods/joint/syncdiffusion.js";
import { config, finish, METHODS, PLAIN, schedule, toy } from "./toy.js";

/** Two places to be, and a window goes to the one it is nearer: what makes windows disagree. */
const fork = (window: Tensor): number => (window.data.reduce((a, b) => a + b, 0) > 0 ? 1 : -1);
const model = (changes?: Partial<JointModelConfig>) => toy({ mean: fork, ...(changes && { config: changes }) });
const base = { prompt: "hills", seed: 3, steps: 6, width: 64 };
const STEP = 3;
const stateOf = ({ index, latent, history, state }: StepRecord) => ({
  index,
  latent,
  ...(history && { history }),
  ...(state && { state }),
});

/** Methods that need fresh noise run under samplers that draw it. */
const DRAWING = SAMPLER_NAMES.filter((name) => SAMPLERS[name]().draws === "every step");
const ONLY_DRAWING = ["gvcf"];

describe.each(Object.entries(METHODS))("%s", (name, method) => {
  test.runIf(ONLY_DRAWING.includes(name))("is refused under a sampler that draws no noise", () => {
    for (const sampler of SAMPLER_NAMES.filter((each) => !DRAWING.includes(each)))
      expect(() => method(model(), { ...base, sampler })).toThrow(`the sampler ${sampler} draws no noise`);
  });
  describe.each(ONLY_DRAWING.includes(name) ? DRAWING : SAMPLER_NAMES)("under %s", (sampler) => {
    test.each([
      ["strip", {}],
      ["ring", { loop: true }],
      ["grid", { height: 32 }],
      ["grid that goes around sideways and down", { height: 32, wrap: "both" }],
    ] as const)("%s: the same options give the same bits, and a run that goes on equals one that was not stopped", async (_, place) => {
      const options = { ...base, ...place, sampler };
      const whole = await finish(method(model(), options));
      expect(whole.result.latent.data.every(Number.isFinite)).toBe(true);
      expect((await finish(method(model(), options))).result.latent).toEqual(whole.result.latent);
      const resume = stateOf(whole.steps[STEP]);
      const rest = await finish(method(model(), { ...options, resume }));
      expect(rest.steps.map(({ index }) => index)).toEqual(whole.steps.slice(STEP + 1).map(({ index }) => index));
      expect(rest.result.latent).toEqual(whole.result.latent);
    });

    test("one window that covers the panorama equals the plain sampler, bit for bit", async () => {
      const plain = SAMPLERS[sampler]();
      const { result, steps } = await finish(method(model(), { ...base, width: 16, sampler, ...PLAIN[name] }));
      const { start, hops } = plain.path(schedule, base.steps);
      expect(steps).toHaveLength(hops.length);
      let state = plain.init();
      const noise = randn(createRng(base.seed), [1, 4, 8, 8]);
      let x: Tensor = start === 1 ? noise : { ...noise, data: noise.data.map((value) => start * value) };
      for (const hop of hops) {
        const eps = await model().predictNoise(x, { timestep: hop.now.t, text: x });
        const fresh = randn(createRng(base.seed + 2 ** 32 * (1 + hop.index)), x.shape);
        const step = plain.step(state, x, eps, hop, { noise: fresh });
        [state, x] = [step.state, step.prev];
        expect(steps[hop.index].latent).toEqual(x);
      }
      expect(result.latent).toEqual(x);
    });
  });
});

describe("the sampler of a run", () => {
  test("is the checkpoint's, with its options, unless another is asked for; the run records which", async () => {
    const named = model({ sampler: { name: "dpmpp-2m", order: 1 } });
    const run = multiDiffusion(named, base);
    expect(run.options.sampler).toBe("dpmpp-2m");
    const own = (await finish(run)).result.latent;
    expect(own).not.toEqual((await finish(multiDiffusion(model(), { ...base, sampler: "dpmpp-2m" }))).result.latent); // of order 2
    expect(multiDiffusion(named, { ...base, sampler: "ddim" }).options.sampler).toBe("ddim");
    expect(multiDiffusion(model(), base).options.sampler).toBe("ddim");
  });

  test("pndm asks the network once more than there are steps, and says so beforehand", async () => {
    const run = multiDiffusion(model(), { ...base, sampler: "pndm" });
    expect(run.stepCount).toBe(7);
    expect((await finish(run)).steps).toHaveLength(7);
  });

  test("wrong ones are refused before anything is computed", () => {
    expect(() => multiDiffusion(model(), { ...base, sampler: "heun" as never })).toThrow(/sampler.*ddim/);
    expect(() => multiDiffusion(model(), { ...base, sampler: "euler", eta: 0.5 })).toThrow(/eta 0.5 with the sampler euler/);
    expect(() => multiDiffusion(model(), { ...base, eta: 2 })).toThrow(/eta/);
    expect(() => multiDiffusion(model(), { ...base, sampler: "lcm", steps: 51 })).toThrow(/1 to 50/);
  });

  test("fresh noise needs a seed even beside a given latent, and records it", async () => {
    const latent = randn(createRng(8), [1, 4, 8, 32]);
    expect(multiDiffusion(model(), { prompt: "hills", latent, steps: 4 }).options.seed).toBeUndefined();
    const drawn = multiDiffusion(model(), { prompt: "hills", latent, steps: 4, eta: 1, seed: 5 });
    expect(drawn.options.seed).toBe(5);
    const again = await finish(multiDiffusion(model(), { prompt: "hills", latent, steps: 4, eta: 1, seed: 6 }));
    expect(again.result.latent).not.toEqual((await finish(drawn)).result.latent);
  });

  test("weight 0 is MultiDiffusion under every sampler", async () => {
    for (const sampler of SAMPLER_NAMES) {
      const sync = await finish(syncDiffusion(model(), { ...base, sampler, weight: 0 }));
      expect([sampler, sync.result.latent]).toEqual([sampler, (await finish(multiDiffusion(model(), { ...base, sampler }))).result.latent]);
    }
  });

  test("a network of v has its own output extrapolated, and a schedule that begins in noise alone runs", async () => {
    const v = { ...config.schedule, prediction: "v_prediction", spacing: "trailing" } as const;
    const zero = model({ schedule: { ...v, terminalSnr: "zero" } });
    const { alphaBar } = schedule;
    expect(alphaBar[999]).toBeGreaterThan(0);
    // data N(m, 1): v = alpha·eps − sigma·x0 with eps = sigma·(x − alpha·m), x0 = alpha·x + sigma²·m, so v = −sigma·m at every level
    const predictVelocity = async (latent: Tensor) => ({ data: latent.data.map(() => -0.3), shape: latent.shape });
    const { result, steps } = await finish(multiDiffusion({ ...zero, predictVelocity }, { ...base, steps: 4 }));
    expect(steps[0].timestep).toBe(999);
    expect(result.latent.data.every(Number.isFinite)).toBe(true);
  });
});
