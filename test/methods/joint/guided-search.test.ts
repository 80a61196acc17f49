/** CDGS: what its search does, on a model whose network is a closed formula. */
import { describe, expect, test } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { ddimStep } from "#kernel-lib/diffusion/ddim.js";
import { guidedSearch } from "#kernel-lib/methods/joint/cdgs.js";
import { countPasses } from "#kernel-lib/methods/joint/count-passes.js";
import { cropAll, fuse } from "#kernel-lib/methods/joint/fuse.js";
import { multiDiffusion } from "#kernel-lib/methods/joint/multidiffusion.js";
import { apart, fail, finish, schedule, toy } from "./toy.js";

const fork = (window: Tensor): number => (window.data.reduce((a, b) => a + b, 0) > 0 ? 1 : -1);
const base = { prompt: "hills", seed: 3, steps: 10, width: 64 };

describe("guided search", () => {
  test.each(["ddim", "ddpm", "dpmpp-2m"] as const)(
    "of one panorama without repetitions is MultiDiffusion, bit for bit, under %s",
    async (sampler) => {
      const multi = await finish(multiDiffusion(toy({ mean: fork }), { ...base, sampler }));
      const alone = await finish(guidedSearch(toy({ mean: fork }), { ...base, sampler, population: 1, resamples: 1 }));
      expect(alone.steps.map(({ latent }) => latent)).toEqual(multi.steps.map(({ latent }) => latent));
    },
  );

  test("among panoramas that are never repeated nor ranked on the way gives the one whose inversion has the least noise", async () => {
    const { steps, result } = await finish(
      guidedSearch(toy({ mean: fork }), { ...base, population: 3, resamples: 1, rankEvery: 100, inversionSteps: 2 }),
    );
    const { windows } = steps[0];
    const hops = schedule.path(10);
    const eps = (x: Tensor, t: number) => toy({ mean: fork }).predictNoise(x, { timestep: t, text: x });
    const seeds = [3, ...[1, 2].map((b) => 3 + 2 ** 32 * (1 + 2 ** 20 - 2 * b))];
    const painted = await Promise.all(
      seeds.map(async (seed) => {
        let z = randn(createRng(seed), [1, 4, 8, 32]);
        let x0 = z;
        for (const { now, next } of hops) {
          const xt = cropAll(z, windows);
          const step = ddimStep(xt, await eps(xt, now.t), now, next);
          [z, x0] = [fuse(step.prev, windows, z.shape), fuse(step.x0, windows, z.shape)];
        }
        const clean = cropAll(x0, windows);
        const [first, second] = [hops[9].now, hops[8].now];
        const e0 = await eps(clean, first.t);
        const e1 = await eps(ddimStep(clean, e0, first, second).prev, second.t);
        return { z, score: [...e0.data, ...e1.data].reduce((sum, x) => sum + x * x, 0) };
      }),
    );
    const [best] = [...painted].sort((a, b) => a.score - b.score);
    expect(apart(result.latent.data, best.z.data)).toBeLessThan(1e-6);
    expect(steps[9].series?.score).toBeCloseTo(best.score, 2);
    expect(steps[9].series?.worst).toBeCloseTo(Math.max(...painted.map(({ score }) => score)), 2);
  });

  test("ranks between a tenth and nine tenths of the steps, every n-th, and after the last; records name both ends of the ranking", async () => {
    const { steps } = await finish(guidedSearch(toy({ mean: fork }), { ...base, steps: 20, rankEvery: 4 }));
    const ranked = steps.filter(({ series }) => series);
    expect(ranked.map(({ index }) => index)).toEqual([4, 8, 12, 16, 19]);
    for (const { series, windows } of ranked) {
      expect(series?.score).toBeLessThanOrEqual(series?.worst ?? 0);
      expect(windows.reduce((sum, { share = Number.NaN }) => sum + share, 0)).toBeCloseTo(series?.score ?? 0, 6);
    }
  });

  test("costs B·U windows a step, B in the last, and B·inversionSteps in a ranking", async () => {
    const passes = { forward: 0, backward: 0, milliseconds: 0 };
    const options = { ...base, population: 3, resamples: 2, rankEvery: 4, inversionSteps: 2 };
    await finish(guidedSearch(countPasses(toy(), passes), options)); // 13 windows; rankings in steps 4, 8 and 9
    expect(passes).toMatchObject({ forward: 13 * 3 * (2 * 9 + 1 + 3 * 2), backward: 0 });
  });

  test("a step that is taken again begins at its own level: noise is added to the variance that the level has, within 3 standard errors", async () => {
    const model = toy({ mean: () => 0 });
    await finish(guidedSearch(model, { ...base, width: 512, stride: 8, population: 1, resamples: 2 })); // windows side by side
    const calls = model.calls.filter(({ kind }) => kind === "noise").map(({ latent }) => latent.data);
    const variance = (x: Float32Array) => x.reduce((sum, value) => sum + value * value, 0) / x.length;
    for (const [k, { now, next }] of schedule.path(10).slice(0, 9).entries()) {
      const [first, again] = [variance(calls[2 * k]), variance(calls[2 * k + 1])];
      const turn = now.alpha * next.alpha + now.sigma * next.sigma; // of DDIM's step where the data is N(0, 1)
      const kept = now.alpha / next.alpha;
      const want = (kept * turn) ** 2 * first + now.sigma ** 2 - (kept * next.sigma) ** 2;
      expect(Math.abs(again - want)).toBeLessThan(3 * Math.sqrt(2 / calls[0].length));
    }
  });

  test("windows agree more often than without it", async () => {
    const torn = async (method: typeof guidedSearch) => {
      let disagreeing = 0;
      for (let seed = 1; seed <= 20; seed++) {
        const { result } = await finish(method(toy({ mean: fork }), { ...base, seed, width: 128, loop: true }));
        const x = result.latent.data;
        const sides = Array.from({ length: 8 }, (_, j) => fork({ data: x.filter((_, k) => Math.floor((k % 64) / 8) === j), shape: [] }));
        disagreeing += sides.filter((side, j) => side !== sides[(j + 1) % 8]).length;
      }
      return disagreeing;
    };
    expect(await torn(guidedSearch)).toBeLessThan(0.9 * (await torn(multiDiffusion as never)));
  });

  test("a panorama with NaN stops the run: it does not only lose the ranking", async () => {
    const at = schedule.timesteps(10)[3];
    const spoil = (kind: string, x: Tensor, { timestep }: { readonly timestep: number }) => {
      if (kind === "noise" && timestep === at) x.data[x.data.length - 1] = Number.NaN; // of the last window of the last panorama
      return x;
    };
    const { steps, error } = await fail(guidedSearch(toy({ mean: fork, spoil }), base));
    expect(error.message).toMatch(/^step 3 .*NaN in the latent of window 12/);
    expect(steps).toHaveLength(3);
  });

  test("refuses numbers that contradict each other", () => {
    const wrong = (own: object) => () => guidedSearch(toy(), { ...base, ...own });
    expect(wrong({ survivors: 5 })).toThrow("survivors 5 of a population of 4: want at most as many");
    expect(wrong({ population: 64, resamples: 4 })).toThrow("population 64 × resamples 4: want at most 255 together");
    expect(wrong({ inversionSteps: 11 })).toThrow("inversionSteps 11: want at most the run's 10 steps");
    expect(wrong({ inversionSteps: 1, ranking: "change" })).toThrow(/the ranking "change" with 1 of/);
    expect(wrong({ ranking: "best" })).toThrow("ranking best: want one of norm, change");
  });

  test("a seed beside a given latent is the search's, and is recorded", async () => {
    const latent = randn(createRng(8), [1, 4, 8, 32]);
    const paint = async (seed: number) =>
      (await finish(guidedSearch(toy({ mean: fork }), { prompt: "hills", steps: 6, latent, seed }))).result.latent;
    expect(guidedSearch(toy(), { prompt: "hills", latent, seed: 7 }).options.seed).toBe(7);
    expect(await paint(1)).toEqual(await paint(1));
    expect(await paint(1)).not.toEqual(await paint(2));
  });

  test("the official ranking by change chooses by differences alone", async () => {
    const [norm, change] = await Promise.all(
      (["norm", "change"] as const).map((ranking) => finish(guidedSearch(toy({ mean: fork }), { ...base, ranking, inversionSteps: 3 }))),
    );
    expect(change.steps[9].series?.score).toBeLessThan(norm.steps[9].series?.score ?? 0);
  });
});
