/** @file Laws of runs over a pyramid, on a small model of random weights. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { openPyramidModel, type SceneModel } from "#kernel-lib/methods/pyramid/open-pyramid-model.js";
import type { PyramidOptions } from "#kernel-lib/methods/pyramid/options.js";
import { pyramidDiffusion } from "#kernel-lib/methods/pyramid/pyramid-diffusion.js";
import type { PyramidResult, PyramidStep } from "#kernel-lib/methods/pyramid/pyramid-step.js";
import { channelsOf, pooled, repeated } from "#kernel-lib/methods/pyramid/scale-change.js";
import { writeFridoFolder } from "./frido-folder.js";

let folder: string;
let models: Record<"fine" | "own", SceneModel>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "veduta-pyramid-"));
  const open = (name: "fine" | "own") =>
    openPyramidModel(writeFridoFolder(join(folder, name), { unet: { coarse_at: name } }), { device: "cpu", threads: 1 });
  models = { fine: await open("fine"), own: await open("own") };
});
afterAll(async () => {
  for (const model of Object.values(models)) await model.close();
  rmSync(folder, { recursive: true });
});

const BOAT = { what: "boat", box: [0.2, 0.5, 0.3, 0.3] } as const;
const LAYOUT: PyramidOptions = { layout: [BOAT], steps: 4, seed: 3, width: 32, height: 32 };

async function ran(model: SceneModel, options: PyramidOptions): Promise<PyramidResult & { readonly steps: readonly PyramidStep[] }> {
  const run = pyramidDiffusion(model, options);
  const steps: PyramidStep[] = [];
  for (;;) {
    const { done, value } = await run.next();
    if (done) return { ...value, steps };
    steps.push(value);
  }
}

describe.each(["fine", "own"] as const)("coarse stages at their %s resolution", (coarseAt) => {
  const model = () => models[coarseAt];

  test("a run takes each step of each stage, in order, and the same seed gives the same picture", async () => {
    const first = await ran(model(), LAYOUT);
    expect(first.steps.map(({ stage, index, place }) => [stage, index, place])).toEqual(
      [0, 1].flatMap((s) => [0, 1, 2, 3].map((i) => [s, i, 4 * s + i])),
    );
    expect(first.image.shape).toEqual([1, 3, 32, 32]);
    expect(Object.keys(first.codes)).toEqual(["coarse", "fine"]);
    expect((await ran(model(), LAYOUT)).latent).toEqual(first.latent);
    expect((await ran(model(), { ...LAYOUT, seed: 4 })).latent).not.toEqual(first.latent);
  });

  test("a finished stage is constant over its own pixels, and finer stages leave it as it is", async () => {
    const { steps, latent } = await ran(model(), LAYOUT);
    const coarse = channelsOf(latent, 0, 2);
    expect(repeated(pooled(coarse, 2), 2)).toEqual(coarse);
    for (const { latent: each } of steps.filter(({ stage }) => stage === 1)) expect(channelsOf(each, 0, 2)).toEqual(coarse);
  });

  test("what a stage foresees has zeros in the channels of finer ones", async () => {
    const { steps } = await ran(model(), LAYOUT);
    expect(steps[0].finished).toBe(0);
    expect(channelsOf(steps[0].foreseen, 2, 4).data.every((x) => x === 0)).toBe(true);
    expect((await steps[0].preview()).shape).toEqual([1, 3, 32, 32]);
  });

  test.each([{ eta: 0 }, { eta: 1 }])("a run goes on from any step, to the same picture (eta $eta)", async ({ eta }) => {
    const whole = await ran(model(), { ...LAYOUT, eta });
    for (const at of [0, 3, 5]) {
      const { place, latent } = whole.steps[at];
      const rest = await ran(model(), { ...LAYOUT, eta, resume: { index: place, latent } });
      expect(rest.steps).toHaveLength(7 - at);
      expect(rest.latent).toEqual(whole.latent);
    }
  });

  test("what is kept of a picture stays, the rest is sampled", async () => {
    const latent = randn(createRng(9), [1, 4, 16, 16]);
    const left: Tensor = { data: Float32Array.from({ length: 256 }, (_, k) => (k % 16 < 8 ? 1 : 0)), shape: [1, 1, 16, 16] };
    const kept = { latent: { data: constantOnBlocks(latent), shape: latent.shape }, mask: left };
    const free = await ran(model(), LAYOUT);
    const held = await ran(model(), { ...LAYOUT, kept });
    const differences = (a: Tensor, b: Tensor, side: 0 | 1) =>
      a.data.filter((x, k) => (k % 16 < 8 ? 0 : 1) === side && Math.abs(x - b.data[k]) > 1e-6).length;
    expect(differences(held.latent, kept.latent, 0)).toBe(0);
    expect(differences(held.latent, kept.latent, 1)).toBeGreaterThan(400);
    expect(differences(held.latent, free.latent, 1)).toBeGreaterThan(0); // the rest follows what is kept
  });

  test("a run from stage 1 keeps the coarse stage of another one", async () => {
    const other = await ran(model(), LAYOUT);
    const { latent, steps } = await ran(model(), { ...LAYOUT, seed: 8, from: { stage: 1, latent: other.latent } });
    expect(steps.every(({ stage }) => stage === 1)).toBe(true);
    expect(channelsOf(latent, 0, 2)).toEqual(channelsOf(other.latent, 0, 2));
    expect(channelsOf(latent, 2, 4)).not.toEqual(channelsOf(other.latent, 2, 4));
  });

  test("with quantiseBetween the coarse stage is a map of codebook entries", async () => {
    const { latent } = await ran(model(), { ...LAYOUT, quantiseBetween: true });
    const quantised = await model().quantise(latent);
    const [got, want] = [channelsOf(latent, 0, 2), channelsOf(quantised, 0, 2)];
    for (const [k, x] of got.data.entries()) expect(x).toBeCloseTo(want.data[k], 5);
  });

  test("several pictures in one run are those of the same noise alone", async () => {
    const start = randn(createRng(1), [2, 4, 16, 16]);
    const { seed: _, width: __, height: ___, ...rest } = LAYOUT;
    const both = await ran(model(), { ...rest, latent: start });
    const second = await ran(model(), { ...rest, latent: { data: start.data.slice(1024), shape: [1, 4, 16, 16] } });
    for (const [k, x] of second.latent.data.entries()) expect(both.latent.data[1024 + k]).toBeCloseTo(x, 3);
  });
});

/** The coarse channels as they are in any finished latent: constant over 2×2 pixels. */
function constantOnBlocks(latent: Tensor): Float32Array {
  const coarse = repeated(pooled(channelsOf(latent, 0, 2), 2), 2);
  const data = Float32Array.from(latent.data);
  data.set(coarse.data);
  return data;
}

test("guidance of 1 asks once a step, any other twice: with guidance 1 the unconditional embeddings do not matter", async () => {
  const condition = await models.fine.condition({ labels: ["sun"] });
  const { layout: _, ...rest } = LAYOUT;
  const alone = await ran(models.fine, {
    ...rest,
    condition: { data: condition.data.slice(condition.data.length / 2), shape: [1, 13, 8] },
    guidanceScale: 1,
  });
  expect((await ran(models.fine, { ...rest, condition, guidanceScale: 1 })).latent).toEqual(alone.latent);
  expect((await ran(models.fine, { ...rest, labels: ["sun"], guidanceScale: 1 })).latent).toEqual(alone.latent);
  expect((await ran(models.fine, { ...rest, labels: ["sun"], guidanceScale: 3 })).latent).not.toEqual(alone.latent);
});

test("PLMS differs from DDIM with few steps, and both agree with many", async () => {
  const apart = async (steps: number) => {
    const [a, b] = [await ran(models.fine, { ...LAYOUT, steps }), await ran(models.fine, { ...LAYOUT, steps, sampler: "plms" })];
    return Math.hypot(...a.latent.data.map((x, k) => x - b.latent.data[k])) / Math.hypot(...a.latent.data);
  };
  const [few, many] = [await apart(5), await apart(50)];
  expect(few).toBeGreaterThan(0);
  expect(many).toBeLessThan(few / 2);
});

test("recorded noise repeats a stochastic run", async () => {
  const shapes = Array.from({ length: 8 }, () => [1, 2, 16, 16]);
  const rng = createRng(3);
  const latent = randn(rng, [1, 4, 16, 16]);
  const noise = shapes.map((shape) => randn(rng, shape));
  const drawn = await ran(models.fine, { ...LAYOUT, eta: 0.7 });
  expect((await ran(models.fine, { ...LAYOUT, seed: undefined, eta: 0.7, latent, noise })).latent).toEqual(drawn.latent);
});

describe("an option that does not fit is refused at once", () => {
  const tall = { data: new Float32Array(4 * 8), shape: [1, 4, 4, 2] };
  test.each<[string, PyramidOptions, typeof TypeError | typeof RangeError | typeof Error, RegExp]>([
    ["no condition", { steps: 4 }, TypeError, /no condition.*layout, labels, graph, prompt, condition/],
    ["two conditions", { ...LAYOUT, prompt: "a boat" }, TypeError, /layout and prompt/],
    ["a box outside of the picture", { layout: [{ what: "boat", box: [0.8, 0, 0.4, 0.1] }] }, RangeError, /layout\[0\]/],
    ["an unknown class", { layout: [{ ...BOAT, what: "bote" }] }, RangeError, /bote.*boat/],
    ["too many objects", { layout: [BOAT, BOAT, BOAT, BOAT, BOAT] }, RangeError, /5.*4|4.*5/],
    ["an unknown word", { prompt: "a ship" }, RangeError, /ship/],
    ["PLMS with eta", { ...LAYOUT, sampler: "plms", eta: 0.5 }, TypeError, /plms.*eta 0\.5/],
    ["timesteps that rise", { ...LAYOUT, timesteps: [1, 500] }, RangeError, /500/],
    ["a timestep past the last", { ...LAYOUT, timesteps: [1000, 1] }, RangeError, /1000/],
    ["steps that are no number of steps", { ...LAYOUT, steps: 0 }, RangeError, /steps 0/],
    ["a width that does not tile", { ...LAYOUT, width: 33 }, RangeError, /width 33.*nearest: 32/],
    ["from stage 0", { ...LAYOUT, from: { stage: 0, latent: randn(createRng(1), [1, 4, 16, 16]) } }, RangeError, /stage 0/],
    ["a latent of another shape in from", { ...LAYOUT, from: { stage: 1, latent: tall } }, RangeError, /width 32.*latent of 4×8/],
    ["noise with eta 0", { ...LAYOUT, noise: [] }, TypeError, /eta 0/],
    ["too little noise", { ...LAYOUT, eta: 1, noise: [] }, Error, /0 tensors.*8/],
    ["an unknown sampler", { ...LAYOUT, sampler: "euler" as never }, RangeError, /sampler euler.*ddim, plms/],
    [
      "a mask with other numbers than 0 and 1",
      {
        ...LAYOUT,
        kept: { latent: randn(createRng(1), [1, 4, 16, 16]), mask: { data: new Float32Array(256).fill(0.5), shape: [1, 1, 16, 16] } },
      },
      RangeError,
      /0\.5/,
    ],
    [
      "resuming PLMS",
      { ...LAYOUT, sampler: "plms", resume: { index: 0, latent: randn(createRng(1), [1, 4, 16, 16]) } },
      RangeError,
      /resume with sampler plms/,
    ],
  ])("%s", (_, options, kind, message) => {
    expect(() => pyramidDiffusion(models.fine, options)).toThrow(kind);
    expect(() => pyramidDiffusion(models.fine, options)).toThrow(message);
  });
});

test("NaN in a step is named by stage and step, and the records before it stay", async () => {
  let calls = 0;
  const broken: SceneModel = {
    ...models.fine,
    predictStageNoise: async (...given) => {
      const noise = await models.fine.predictStageNoise(...given);
      return ++calls === 6 ? { ...noise, data: noise.data.map(() => Number.NaN) } : noise;
    },
  };
  const seen: number[] = [];
  const run = (async () => {
    for await (const { place } of pyramidDiffusion(broken, LAYOUT)) seen.push(place);
  })();
  await expect(run).rejects.toThrow(/stage 1, step 1 .*NaN/);
  expect(seen).toEqual([0, 1, 2, 3, 4]);
});

test("an aborted run stops before its next network call", async () => {
  const stop = new AbortController();
  const run = pyramidDiffusion(models.fine, { ...LAYOUT, signal: stop.signal });
  await run.next();
  stop.abort();
  await expect(run.next()).rejects.toThrow(/abort/i);
});

test("predictNoise by hand is the run's first step: guided, of the stage's own channels", async () => {
  const latent = randn(createRng(3), [1, 4, 16, 16]);
  const condition = await models.fine.condition({ layout: [BOAT] });
  const { steps } = await ran(models.fine, { ...LAYOUT, guidanceScale: 2 });
  const noise = await models.fine.predictNoise(latent, { timestep: steps[0].timestep, stage: 0, condition, guidanceScale: 2 });
  expect(noise.shape).toEqual([1, 2, 16, 16]);
  const [{ alpha, sigma }, x] = [level(steps[0].timestep), channelsOf(latent, 0, 2)];
  const x0 = channelsOf(steps[0].foreseen, 0, 2);
  for (const [k, value] of x0.data.entries()) expect(value).toBeCloseTo((x.data[k] - sigma * noise.data[k]) / alpha, 2);
});

function level(timestep: number) {
  const root = (t: number) => Math.sqrt(0.0015) + (t / 999) * (Math.sqrt(0.0155) - Math.sqrt(0.0015));
  let product = 1;
  for (let t = 0; t <= timestep; t++) product *= 1 - root(t) ** 2;
  return { alpha: Math.sqrt(product), sigma: Math.sqrt(1 - product) };
}
