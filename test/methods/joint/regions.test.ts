/** Laws of regions, on a model whose network is a closed formula: a prompt is the mean that it wants. */
import { describe, expect, test } from "vitest";
import { ShapeError } from "#kernel-lib/core/errors.js";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { type Tensor, tensor, zeros } from "#kernel-lib/core/tensor.js";
import type { NoiseOptions } from "#kernel-lib/diffusion/capabilities.js";
import { SAMPLER_NAMES } from "#kernel-lib/diffusion/samplers/samplers.js";
import { rollColumns } from "#kernel-lib/methods/joint/fuse.js";
import { multiDiffusion } from "#kernel-lib/methods/joint/multidiffusion.js";
import { regionDiffusion } from "#kernel-lib/methods/joint/regions.js";
import type { StepRecord } from "#kernel-lib/methods/joint/step-record.js";
import { syncDiffusion } from "#kernel-lib/methods/joint/syncdiffusion.js";
import { apart, fail, finish, schedule, type Toy, type ToyOptions, toy } from "./toy.js";

/** Two places to be, and a window goes to the one it is nearer: what makes windows disagree. */
const fork = (window: Tensor): number => (window.data.reduce((a, b) => a + b, 0) > 0 ? 1 : -1);

/** A model whose prompts are numbers: data of the prompt "0.5" is N(0.5, 1). */
function speaking(options: ToyOptions = {}): Toy {
  const inner = toy(options);
  const meant = ({ text }: NoiseOptions) => ("data" in text ? text.data[1] : Number.NaN);
  return {
    ...inner,
    encodeText: async (prompts) => tensor([prompts].flat().map(Number), [[prompts].flat().length, 1, 1]),
    predictNoise: async (latent, noise) => {
      const { alpha, sigma } = schedule.level(noise.timestep);
      return { data: latent.data.map((x) => sigma * (x - alpha * meant(noise))), shape: latent.shape };
    },
  };
}

const base = { prompt: "0", seed: 3, steps: 6, width: 64 };
const ones = (h: number, w: number): Tensor => tensor(new Float32Array(h * w).fill(1), [1, 1, h, w]);
const start = randn(createRng(3), [1, 4, 8, 32]);
const halves = [
  { prompt: "1", box: [0, 0, 0.5, 1] },
  { prompt: "-1", box: [0.5, 0, 0.5, 1] },
] as const;
const latents = (steps: readonly StepRecord[]) => steps.map(({ latent }) => latent);
const stateOf = ({ index, latent, history }: StepRecord) => ({ index, latent, ...(history && { history }) });

/** One that draws noise, one that keeps what it was given, and ddim; with VEDUTA_ALL=1 (`npm run test:all`) all. */
const samplers = SAMPLER_NAMES.filter((name) => process.env.VEDUTA_ALL || ["ddim", "euler-a", "dpmpp-2m"].includes(name));

describe.each(samplers)("regions under %s", (sampler) => {
  test.each([
    ["strip", {}],
    ["ring", { loop: true }],
    ["grid", { height: 24 }],
    ["grid that goes around sideways and down", { height: 24, wrap: "both" }],
  ] as const)("%s: the same options give the same bits, and a run that goes on equals one that was not stopped", async (_, place) => {
    for (const bootstrapping of [2, 5]) {
      const options = { ...base, ...place, sampler, regions: halves.slice(0, 1), feather: 8, bootstrapping, sync: 0.01 };
      const whole = await finish(regionDiffusion(toy({ mean: fork }), options));
      expect(whole.result.latent.data.every(Number.isFinite)).toBe(true);
      expect((await finish(regionDiffusion(toy({ mean: fork }), options))).result).toEqual(whole.result);
      const rest = await finish(regionDiffusion(toy({ mean: fork }), { ...options, resume: stateOf(whole.steps[3]) }));
      expect(rest.steps.map(({ index }) => index)).toEqual(whole.steps.slice(4).map(({ index }) => index));
      expect(rest.result).toEqual(whole.result);
    }
  });

  test("one region everywhere is MultiDiffusion under its prompt, bit for bit, and with sync SyncDiffusion", async () => {
    for (const place of [{ height: 16 }, { height: 16, loop: true }, { height: 24 }])
      for (const everywhere of [{ mask: ones(place.height / 2, 32) }, { box: [0, 0, 1, 1] as const }]) {
        const region = { prompt: "1", ...everywhere };
        const ours = { ...base, ...place, sampler, regions: [region], bootstrapping: 0 };
        const multi = await finish(multiDiffusion(toy({ mean: fork }), { ...base, ...place, sampler, prompt: "1" }));
        expect((await finish(regionDiffusion(toy({ mean: fork }), ours))).result).toEqual(multi.result);
        const sync = await finish(syncDiffusion(toy({ mean: fork }), { ...base, ...place, sampler, prompt: "1", weight: 0.01 }));
        const synced = await finish(regionDiffusion(toy({ mean: fork }), { ...ours, sync: 0.01 }));
        expect(latents(synced.steps)).toEqual(latents(sync.steps));
        expect(synced.steps.map(({ windows, anchor, weight }) => [windows, anchor, weight])).toEqual(
          sync.steps.map(({ windows, anchor, weight }) => [windows, anchor, weight]),
        );
      }
  });
});

describe("regions", () => {
  test("each paint what their prompt says, in their mask", async () => {
    const { result, steps } = await finish(regionDiffusion(speaking(), { ...base, prompt: undefined, regions: halves, bootstrapping: 0 }));
    let want = [...randn(createRng(3), [1, 4, 8, 32]).data];
    for (const [k, { now, next }] of schedule.path(6).entries()) {
      const turn = now.alpha * next.alpha + now.sigma * next.sigma;
      const mean = (at: number) => (at % 32 < 16 ? 1 : -1);
      want = want.map((x, at) => turn * (x - now.alpha * mean(at)) + next.alpha * mean(at));
      expect(apart(steps[k].latent.data, want)).toBeLessThan(2e-5);
    }
    expect(result.latent).toBe(steps[5].latent);
  });

  test("of one prompt are MultiDiffusion, bit for bit, whatever their masks", async () => {
    const rng = createRng(1);
    const mask = tensor(
      Float32Array.from({ length: 8 * 32 }, () => rng.below(2)),
      [1, 1, 8, 32],
    );
    const two = [
      { prompt: "0", mask },
      { prompt: "0", mask: { ...mask, data: mask.data.map((x) => 1 - x) } },
    ];
    const multi = await finish(multiDiffusion(toy({ mean: fork }), base));
    const ours = await finish(regionDiffusion(toy({ mean: fork }), { ...base, prompt: undefined, regions: two, bootstrapping: 0 }));
    expect(ours.result).toEqual(multi.result);
    expect((await finish(regionDiffusion(toy({ mean: fork }), base))).result).toEqual(multi.result); // none at all
  });

  test("rolled with the noise by a stride roll the result, sideways on a ring", async () => {
    const rng = createRng(4);
    const mask = { data: Float32Array.from({ length: 8 * 32 }, () => rng.uniform()), shape: [1, 1, 8, 32] };
    const paint = async (latent: Tensor, mask: Tensor) => {
      const options = { prompt: "0", steps: 4, loop: true, latent, regions: [{ prompt: "1", mask }], feather: 4, bootstrapping: 0 };
      return (await finish(regionDiffusion(speaking(), options))).result.latent;
    };
    const there = await paint(rollColumns(start, 2), rollColumns(mask, 2));
    expect(apart(there.data, rollColumns(await paint(start, mask), 2).data)).toBeLessThan(1e-6);
  });

  test("share a place by their masks, and leave the rest to the background", async () => {
    const one = { prompt: "1", mask: { ...ones(8, 32), data: ones(8, 32).data.map(() => 0.25) } };
    const { steps } = await finish(regionDiffusion(speaking(), { ...base, regions: [one], bootstrapping: 0 }));
    const plain = async (prompt: string) => (await finish(multiDiffusion(speaking(), { ...base, prompt, steps: 6 }))).steps[0].latent.data;
    const [region, background] = [await plain("1"), await plain("0")];
    expect(
      apart(
        steps[0].latent.data,
        region.map((x, k) => 0.25 * x + 0.75 * background[k]),
      ),
    ).toBeLessThan(1e-6);
  });

  test("are not computed in windows that they do not touch, which changes nothing", async () => {
    const model = speaking();
    const spy = { ...model, rows: 0 };
    const counting: Toy = {
      ...model,
      predictNoise: (x, options) => {
        spy.rows += x.shape[0];
        return model.predictNoise(x, options);
      },
    };
    const { steps } = await finish(regionDiffusion(counting, { ...base, steps: 1, prompt: undefined, regions: halves, bootstrapping: 0 }));
    expect(spy.rows).toBe(8 + 8); // of 13 windows at stride 2, 8 touch each half
    expect(steps[0].windows.map(({ left }) => left)).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 10, 12, 14, 16, 18, 20, 22, 24]);
  });

  test("begin on plain colours: around its mask a region is shown alpha·b + sigma·z_T, within it the panorama", async () => {
    const model = toy();
    const latents = tensor(
      Float32Array.from({ length: 2 * 4 * 64 }, (_, k) => (k < 256 ? 5 : -5)),
      [2, 4, 8, 8],
    );
    const chosen = tensor([1, 0, 0, 0, 0, 1, 1, 1], [2, 4, 1]); // step by step, of windows at 0, 8, 16 and 24
    const regions = [{ prompt: "1", box: [0, 0, 0.125, 1] as const }];
    const run = regionDiffusion(model, { ...base, regions, stride: 8, bootstrapping: 2, backgrounds: { latents, chosen } });
    const shown = [start.data, ((await run.next()).value as StepRecord).latent.data];
    await run.next();
    for (const [i, colour] of [-5, 5].entries()) {
      const { now } = schedule.path(6)[i];
      const [background, region] = model.calls.filter(({ kind, timestep }) => kind === "noise" && timestep === now.t);
      expect(background.latent.shape[0]).toBe(4);
      const want = [...region.latent.data.keys()].map((k) => {
        const at = Math.floor(k / 8) * 32 + (k % 8);
        return k % 8 < 4 ? shown[i][at] : now.alpha * colour + now.sigma * start.data[at];
      });
      expect(apart(region.latent.data, want)).toBeLessThan(1e-5);
    }
  });

  test("draw the colours from the seed, and only for the first steps", async () => {
    const pictures: Tensor[] = [];
    const watched = () => {
      const model = speaking();
      const encode: Toy["encode"] = (images, options) => {
        pictures.push(images);
        return model.encode(images, options);
      };
      return { ...model, encode };
    };
    const options = { ...base, regions: halves, steps: 5 };
    await finish(regionDiffusion(watched(), options));
    await finish(regionDiffusion(watched(), options));
    await finish(regionDiffusion(watched(), { ...options, seed: 4 }));
    expect(pictures.map(({ shape }) => shape)).toEqual(Array(3).fill([2, 3, 16, 16])); // two fifths of 5 steps
    expect(pictures[1]).toEqual(pictures[0]);
    expect(pictures[2]).not.toEqual(pictures[0]);
    expect(new Set(pictures[0].data.slice(0, 256)).size).toBe(1);
    expect(pictures[0].data.every((x) => x >= -1 && x <= 1)).toBe(true);
    await finish(regionDiffusion(watched(), { ...options, bootstrapping: 0 }));
    expect(pictures).toHaveLength(3);
    expect(regionDiffusion(speaking(), { ...options, steps: 50 }).options.bootstrapping).toBe(20);
  });

  test("with sync move towards an anchor of their own: the middle window of those that a region fills most", async () => {
    const { steps } = await finish(
      regionDiffusion(toy({ mean: fork }), { ...base, regions: halves, sync: 0.01, syncSteps: 2, bootstrapping: 0 }),
    );
    const zero = steps[0].windows.flatMap(({ loss, left }) => (loss === 0 ? [left] : []));
    expect(zero).toEqual([4, 20]); // of 0 to 8, and of 16 to 24
    expect(steps.map(({ weight }) => weight)).toEqual([0.01, 0.01 * 0.95, 0, 0, 0, 0]);
    expect(steps.map(({ anchor }) => anchor)).toEqual(Array(6).fill(-1));
  });

  test("do not pull at each other: what one region shows does not change the other, with binary masks and no window in common", async () => {
    const paint = async (prompt: string) => {
      const regions = [halves[0], { prompt, box: [0.5, 0, 0.5, 1] as const }];
      return (await finish(regionDiffusion(speaking(), { ...base, stride: 8, regions, sync: 0.01 }))).result.latent.data;
    };
    const left = (data: Float32Array) => data.filter((_, k) => k % 32 < 16);
    expect(left(await paint("2"))).toEqual(left(await paint("-2")));
  });

  test("are repeated from their own options, bit for bit; masks are kept at the latent's size", async () => {
    const mask = { ...ones(16, 64), data: ones(16, 64).data.map((_, k) => (k % 64 < 20 ? 1 : 0)) };
    const run = regionDiffusion(speaking(), { ...base, regions: [{ prompt: "1", negativePrompt: "2", mask }, halves[1]], feather: 6 });
    const first = await finish(run);
    expect(run.options.regions?.map((each) => each.mask?.shape)).toEqual([[1, 1, 8, 32], undefined]);
    expect((await finish(regionDiffusion(speaking(), run.options))).result).toEqual(first.result);
  });

  test("ask for no gradient where they are not synchronised", () => {
    expect(regionDiffusion(speaking(), { ...base, regions: halves, batch: 3 }).batch).toEqual({ noise: 3 });
    expect(regionDiffusion(speaking(), { ...base, regions: halves, batch: 3, sync: 1 }).batch).toEqual({ noise: 3, gradient: 3 });
  });

  test("a prompt that is cut is named", async () => {
    const long = "one two three four five six";
    const model = { ...speaking(), encodeText: async () => zeros([2, 1, 1]) };
    const { result } = await finish(regionDiffusion(model, { ...base, regions: [halves[0], { ...halves[1], prompt: long }] }));
    expect(result.notices).toEqual(["regions[1].prompt: longer than the model's 7 tokens; the rest was cut off"]);
  });

  const uncovered = /^regions: latent row 0, column 16 and others, 50 % of the panorama, are not covered; want a prompt for the background/;
  test.each([
    [
      { regions: [{ prompt: "1", mask: ones(8, 31) }] },
      ShapeError,
      'regions[0] ("1"): mask: got [1,1,8,31], want [1,1,16,64]; draw it as large',
    ],
    [{ regions: [{ prompt: "1", mask: zeros([1, 1, 8, 32]) }] }, RangeError, 'regions[0] ("1"): mask: is empty'],
    [
      { regions: [{ prompt: "1", mask: { ...ones(8, 32), data: ones(8, 32).data.fill(2) } }] },
      RangeError,
      "mask: got a value of 2, want values in [0,1]",
    ],
    [{ regions: [halves[0]], prompt: undefined }, RangeError, uncovered],
    [
      { regions: [{ prompt: "1", box: [0.5, 0, 0.6, 1] }] },
      RangeError,
      "regions[0].box: got [0.5, 0, 0.6, 1], want [x, y, width, height] as shares",
    ],
    [{ regions: [{ prompt: "1" }] }, TypeError, 'regions[0]: got {"prompt":"1"}, want { prompt, box } or { prompt, mask }'],
    [{ regions: [{ box: [0, 0, 1, 1] }] }, TypeError, "want { prompt, box }"],
    [{ regions: {} }, RangeError, "regions {}: want a list of { prompt, box } or { prompt, mask }"],
    [{ prompt: undefined }, TypeError, "regionDiffusion: got prompt undefined, want a prompt"],
    [{ regions: halves, feather: -1 }, RangeError, "feather -1: want a number >= 0"],
    [
      { regions: halves, bootstrapping: 1, backgrounds: { latents: zeros([1, 4, 8, 9]), chosen: zeros([1, 13, 2]) } },
      ShapeError,
      "backgrounds: latents",
    ],
    [
      {
        regions: halves,
        bootstrapping: 1,
        backgrounds: { latents: zeros([1, 4, 8, 8]), chosen: tensor(new Float32Array(26).fill(1), [1, 13, 2]) },
      },
      RangeError,
      "backgrounds: chosen: got 1, want whole numbers from 0 to 0",
    ],
  ])("are refused at once where they are wrong: %#", (wrong, error, message) => {
    expect(() => regionDiffusion(speaking(), { ...base, ...(wrong as object) })).toThrow(error);
    expect(() => regionDiffusion(speaking(), { ...base, ...(wrong as object) })).toThrow(message);
  });

  test("need an encoder for random backgrounds, and say so before any network call", async () => {
    const { encode: _, ...model } = toy();
    const { error } = await fail(regionDiffusion(model, { ...base, regions: halves }));
    expect(error.message).toMatch(/^encode: this model has no encoder/);
    expect(model.calls.every(({ kind }) => kind === "text")).toBe(true);
  });
});
