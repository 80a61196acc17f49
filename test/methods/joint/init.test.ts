/** Laws of panoramas that start from a picture, for every joint method and every sampler. */
import { describe, expect, test } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { addNoise } from "#kernel-lib/diffusion/notation.js";
import { SAMPLER_NAMES, SAMPLERS, type SamplerName } from "#kernel-lib/diffusion/samplers/samplers.js";
import { createSchedule } from "#kernel-lib/diffusion/schedule.js";
import { multiDiffusion } from "#kernel-lib/methods/joint/multidiffusion.js";
import { stepsTaken } from "#kernel-lib/methods/joint/path.js";
import { safaDiffusion } from "#kernel-lib/methods/joint/safa.js";
import { syncDiffusion } from "#kernel-lib/methods/joint/syncdiffusion.js";
import { apart, config, FEW, finish, METHODS, PLAIN, toy } from "./toy.js";

const rng = createRng(8);
/** As large as the panorama, [1,3,16,64] in [0,1]; not in 255ths. */
const picture: Tensor = { data: Float32Array.from({ length: 3 * 16 * 64 }, () => rng.uniform()), shape: [1, 3, 16, 64] };
const signed: Tensor = { ...picture, data: picture.data.map((x) => 2 * x - 1) };
const base = { prompt: "hills", seed: 3, steps: 6, width: 64 };
const encoded = () => toy().encode(signed); // [1,4,8,32]
const noise = randn(createRng(3), [1, 4, 8, 32]);
/** The same shifts, whether the start is given or drawn. */
const OWN: Readonly<Record<string, object>> = { ...PLAIN, spot: { shifts: [1, 2, 0, 3, 1, 2, 4] } };

describe.each(Object.entries(METHODS))("%s from a picture", (name, method) => {
  test("at strength 1 is the run whose starting noise is alpha·picture + sigma·noise at the first level", async () => {
    if (name === "safa") return; // its reference window starts from the picture too: the next test but one
    const options = { ...base, ...OWN[name] };
    const [{ now }] = createSchedule(config.schedule).path(base.steps);
    const start = addNoise(await encoded(), noise, now);
    const from = await finish(method(toy(), { ...options, init: picture, strength: 1 }));
    const given = await finish(method(toy(), { ...options, latent: start, width: undefined }));
    expect(from.result.latent).toEqual(given.result.latent);
    expect(from.steps.length).toBe(base.steps);
  });

  test("at strength 0 is the picture, encoded and decoded; no step is taken", async () => {
    const run = method(toy(), { ...base, ...FEW[name], init: picture, strength: 0 });
    expect(run.stepCount).toBe(0);
    const { steps, result } = await finish(run);
    expect(steps).toEqual([]);
    expect(result.latent).toEqual(await encoded());
  });

  test("takes the last steps: floor(steps · strength) of them, at the whole run's timesteps", async () => {
    const whole = await finish(method(toy(), { ...base, ...FEW[name] }));
    const { steps } = await finish(method(toy(), { ...base, ...FEW[name], init: picture, strength: 0.6 }));
    expect(steps.map(({ timestep }) => timestep)).toEqual(whole.steps.slice(3).map(({ timestep }) => timestep));
    expect(steps.map(({ index }) => index)).toEqual([0, 1, 2]);
  });

  test("goes on after a stop to the same panorama, bit for bit", async () => {
    const options = { ...base, ...FEW[name], init: picture, strength: 0.7 };
    const { steps, result } = await finish(method(toy(), options));
    const run = method(toy(), options);
    const { index, latent, history, state } = steps[1];
    const resume = { index, latent, history, state };
    expect((await finish(method(toy(), { ...run.options, resume } as never))).result.latent).toEqual(result.latent);
  });
});

describe.each(SAMPLER_NAMES)("the sampler %s", (name: SamplerName) => {
  const schedule = createSchedule(config.schedule);
  test("cut by n has the levels of its last steps, counted from 0 and without those before", () => {
    const sampler = SAMPLERS[name]();
    const levels = (skip: number) => sampler.path(schedule, 10, skip).hops;
    const whole = levels(0).filter(({ from }) => !from); // pndm asks once more
    for (const skip of [1, 4, 9]) {
      const cut = levels(skip);
      expect(cut.filter(({ from }) => !from).map(({ now, next }) => [now, next])).toEqual(
        whole.slice(skip).map(({ now, next }) => [now, next]),
      );
      for (const [k, hop] of cut.entries()) expect(hop).toMatchObject({ index: k, of: cut.length });
      expect(cut[0].before).toEqual([]);
    }
    expect(levels(10)).toEqual([]);
  });

  test("takes a picture that the data has to itself, whatever the noise: data N(picture, 0) in the limit of its last step", async () => {
    // data N(0.3, 1): the start is a sample of its level if the picture is one of the data; its mean moves to 0.3 only as far as noise was added
    const { result } = await finish(multiDiffusion(toy(), { ...base, steps: 20, sampler: name, init: picture, strength: 0.1 }));
    const { data } = await encoded();
    const moved = Math.sqrt(result.latent.data.reduce((sum, x, k) => sum + (x - data[k]) ** 2, 0) / data.length);
    expect(moved).toBeGreaterThan(0);
    expect(moved).toBeLessThan(0.5);
  });
});

describe("the options init and strength", () => {
  test("say the panorama's size where width and height do not; sizes that do not tile are refused with the nearest", () => {
    const { options } = multiDiffusion(toy(), { ...base, width: undefined, init: picture });
    expect(options).toMatchObject({ width: 64, height: 16, strength: 0.8 });
    const odd: Tensor = { data: new Float32Array(3 * 16 * 70), shape: [1, 3, 16, 70] };
    expect(() => multiDiffusion(toy(), { ...base, width: undefined, init: odd })).toThrow(/width 70/);
  });

  test("another size than the panorama's is refused, or scaled until it covers it and cut evenly", () => {
    const wide: Tensor = { data: Float32Array.from({ length: 3 * 32 * 192 }, (_, k) => (k % 192) / 191), shape: [1, 3, 32, 192] };
    expect(() => multiDiffusion(toy(), { ...base, init: wide })).toThrow(
      /multiDiffusion: init: got 192 × 32 px, want 64 × 16; give such a picture, or ask for fit "crop"/,
    );
    const { init } = multiDiffusion(toy(), { ...base, init: { image: wide, fit: "crop" } }).options;
    if (!init) throw new Error("no init");
    expect(init.shape).toEqual([1, 3, 16, 64]);
    const row = init.data.subarray(0, 64); // the middle 128 of 192 columns, each two as one
    expect(row[0]).toBeCloseTo(32.5 / 191, 2);
    expect(row[63]).toBeCloseTo(158.5 / 191, 2);
    expect([...row]).toEqual([...init.data.subarray(15 * 64, 16 * 64)]);
    for (const x of row) expect(x * 255).toBeCloseTo(Math.round(x * 255), 3); // bytes, as a PNG holds them
  });

  test.each([
    [{ strength: 0.5 }, /strength 0\.5 without init/],
    [{ init: picture, strength: 1.2 }, /strength 1\.2: want a number from 0 to 1/],
    [{ init: { ...picture, data: picture.data.map((x) => 255 * x) } }, /init: got a value of .*divide by 255/],
    [{ init: { image: picture, fit: "stretch" as never } }, /fit stretch, want exact or crop/],
    [{ init: { data: new Float32Array(2 * 16 * 64), shape: [1, 2, 16, 64] } }, /init: got \[1,2,16,64\]/],
  ])("refuse %j", (wrong, message) => {
    expect(() => multiDiffusion(toy(), { ...base, ...wrong })).toThrow(message);
  });

  test("refuse a model without an encoder", async () => {
    const { encode: _, ...model } = toy();
    await expect(finish(multiDiffusion(model, { ...base, init: picture }))).rejects.toThrow(/init: this model has no encoder/);
  });

  test("count strength 0.6 of 50 steps as 30, as diffusers does", () => {
    expect([0.6, 0.58, 1, 0, 0.999].map((strength) => stepsTaken({ steps: 50, strength }))).toEqual([30, 28, 50, 0, 49]);
    expect(stepsTaken({ steps: 50 })).toBe(50);
  });

  test("SaFa's reference window starts from the first window of the picture", async () => {
    const seen: Tensor[] = [];
    const model = toy({ watch: ({ kind, latent }) => void (kind === "noise" && seen.push(latent)) });
    await finish(safaDiffusion(model, { ...base, init: picture, strength: 0.2, batch: 99 }));
    const { data, shape } = seen[0]; // the windows, and the reference last
    const size = data.length / shape[0];
    const [first, reference] = [data.subarray(0, size), data.subarray(data.length - size)];
    const distance = Math.sqrt(first.reduce((sum, x, k) => sum + (x - reference[k]) ** 2, 0) / size);
    const { sigma } = createSchedule(config.schedule).path(base.steps)[base.steps - 1].now;
    expect(distance).toBeLessThan(3 * sigma); // apart by their noise alone
  });
});

describe("a picture that all windows are drawn to", () => {
  const photo: Tensor = { data: new Float32Array(3 * 40 * 60).fill(0.9), shape: [1, 3, 40, 60] };
  test("may have any size with fit crop, and is the tensor of one window in [-1,1]", async () => {
    const cropped = syncDiffusion(toy(), { ...base, weight: 0.02, anchorImage: { image: photo, fit: "crop" } });
    const { anchorImage } = cropped.options as { anchorImage?: Tensor };
    expect(anchorImage?.shape).toEqual([1, 3, 16, 16]);
    expect(anchorImage?.data[0]).toBeCloseTo(0.8, 2); // 0.9 in [0,1], in bytes
    const given = await finish(syncDiffusion(toy(), { ...base, weight: 0.02, anchorImage: anchorImage as Tensor }));
    expect((await finish(cropped)).result.latent).toEqual(given.result.latent);
  });
  test("of another size is refused otherwise", () => {
    expect(() => syncDiffusion(toy(), { ...base, anchorImage: { image: photo } })).toThrow(/anchorImage: got 60 × 40 px, want 16 × 16/);
  });
});

test("the picture and the noise roll together: a closed panorama has no place of its own", async () => {
  const roll = ({ data, shape }: Tensor, right: number): Tensor => {
    const w = shape[3];
    return { data: data.map((_, k) => data[k - (k % w) + (((k % w) - right + w) % w)]), shape };
  };
  const options = { ...base, width: undefined, loop: true, strength: 0.5, stride: 2 };
  const a = await finish(multiDiffusion(toy(), { ...options, init: picture, latent: noise }));
  const b = await finish(multiDiffusion(toy(), { ...options, init: roll(picture, 8), latent: roll(noise, 4) }));
  expect(apart(b.result.latent.data, roll(a.result.latent, 4).data)).toBeLessThan(1e-6);
});
