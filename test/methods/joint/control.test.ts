/** Laws of runs under control: on a checkpoint of random numbers with its ControlNet, and on a toy model. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ControlOptions,
  createRng,
  type JointOptions,
  jointMethod,
  type Model,
  multiDiffusion,
  openModel,
  randn,
  syncDiffusion,
  type Tensor,
  tensor,
} from "veduta";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rows } from "#kernel-lib/core/tensor.js";
import { ddimStep } from "#kernel-lib/diffusion/ddim.js";
import { createSchedule } from "#kernel-lib/diffusion/schedule.js";
import { crop, cropAll, rollColumns } from "#kernel-lib/methods/joint/fuse.js";
import { allMethods } from "#kernel-lib/methods/methods.js";
import { TINY, writeTinyCheckpoint, writeTinyControlNet } from "../../fixtures/tiny-checkpoint.js";
import { controlToy } from "./control-toy.js";
import { fail, finish } from "./toy.js";

const root = mkdtempSync(join(tmpdir(), "veduta-control-"));
let plain: Model;
let model: Model;
beforeAll(async () => {
  const path = writeTinyCheckpoint(root);
  const nets = [3, 9].map((seed) => writeTinyControlNet(join(root, "control", `net${seed}`), seed).path);
  plain = await openModel(path, { device: "cpu", threads: 1 });
  model = await openModel(path, { device: "cpu", threads: 1, control: ["net3", nets[1]] });
}, 60_000);
afterAll(async () => {
  await plain?.close();
  await model?.close();
  rmSync(root, { recursive: true });
});

const [H, W] = [16, 48]; // pixels: 8 × 24 latent pixels
const drawing = (seed: number, height = H, width = W): Tensor => {
  const rng = createRng(seed);
  return tensor(
    Float32Array.from({ length: 3 * height * width }, () => rng.uniform()),
    [1, 3, height, width],
  );
};
const image = drawing(1);
const options = { prompt: "hills", seed: 5, steps: 3, sampler: "ddim", height: H, width: W, stride: 4, batch: 3 } satisfies JointOptions;
const painted = async (
  control: ControlOptions | readonly ControlOptions[] | undefined,
  more: object = {},
  on = model,
  method: typeof multiDiffusion = multiDiffusion,
) => (await finish(method(on, { ...options, control, ...more }))).result.latent;
const distance = (a: Tensor, b: Tensor): number => Math.max(...a.data.map((x, k) => Math.abs(x - b.data[k])));

describe.each([
  ["multiDiffusion", multiDiffusion],
  ["syncDiffusion", syncDiffusion],
] as const)("%s under control", (_, method) => {
  const more = { syncSteps: 2, weight: 1 };
  test("is the plain run, bit for bit, at scale 0 and in an interval without a step", async () => {
    const without = await painted(undefined, more, plain, method);
    expect(await painted({ image, scale: 0 }, more, model, method)).toEqual(without);
    expect(await painted({ image, start: 0, end: 0 }, more, model, method)).toEqual(without);
    expect(await painted([], more, model, method)).toEqual(without);
    expect(distance(await painted({ image }, more, model, method), without)).toBeGreaterThan(0.05);
  });

  test("is the same by one ControlNet of scale 1 and by two of scale 1/2, to the rounding of float32", async () => {
    const half = { image, scale: 0.5 };
    const found = distance(await painted([half, half], more, model, method), await painted({ image }, more, model, method));
    expect(found).toBeLessThan(1e-4); // ONNX Runtime fuses the sums in another order; the latent's values reach 9
  });
});

describe("control", () => {
  test("by two ControlNets is not that of either, and does not depend on their order", async () => {
    const [a, b] = [
      { image, net: 0 },
      { image: drawing(2), net: 1 },
    ];
    const both = await painted([a, b]);
    expect(distance(both, await painted(a))).toBeGreaterThan(0.01);
    expect(distance(both, await painted(b))).toBeGreaterThan(0.01);
    expect(distance(both, await painted([b, a]))).toBeLessThan(1e-5);
  });

  test("one window that covers the panorama is a plain run of DDIM by the controlled noise, bit for bit", async () => {
    const size = 2 * TINY.window;
    const condition = drawing(4, size, size);
    const one = { width: size, height: size, steps: 3 };
    const text = await model.encodeText(["", "hills"]);
    const latent = randn(createRng(2), [1, 4, TINY.window, TINY.window]);
    let z = latent;
    for (const { now, next } of createSchedule(model.config.schedule).path(3)) {
      const controls = [{ net: 0, image: condition, scale: 0.7, mode: "balanced" as const }];
      z = ddimStep(z, await model.predictNoise(z, { timestep: now.t, text, controls, batch: 1 }), now, next).prev;
    }
    expect(await painted({ image: condition, scale: 0.7 }, { ...one, latent, seed: undefined, batch: 1 })).toEqual(z);
  });

  test("of a closed panorama rolls with it: condition and noise rolled by half roll the result", async () => {
    const latent = randn(createRng(3), [1, 4, H / 2, W / 2]);
    const ring = { loop: true, seed: undefined };
    const straight = await painted({ image }, { ...ring, latent });
    const rolled = await painted({ image: rollColumns(image, W / 2) }, { ...ring, latent: rollColumns(latent, W / 4) });
    expect(distance(rolled, rollColumns(straight, W / 4))).toBeLessThan(1e-5);
    expect(distance(await painted({ image }, { ...ring, latent: rollColumns(latent, W / 4) }), rolled)).toBeGreaterThan(0.01);
  });

  test("does not depend on the batch", async () => {
    const guess = { image, mode: "guess" } as const;
    expect(distance(await painted(guess, { batch: 1 }), await painted(guess, { batch: 5 }))).toBeLessThan(1e-4);
    const more = { syncSteps: 2, weight: 1 };
    expect(
      distance(
        await painted(guess, { ...more, batch: 1 }, model, syncDiffusion),
        await painted(guess, { ...more, batch: 5 }, model, syncDiffusion),
      ),
    ).toBeLessThan(1e-3);
  });

  test("in guess mode leaves the negative prompt's row alone; in the other modes it does not", async () => {
    const text = await model.encodeText(["", "hills"]);
    const latent = randn(createRng(1), [2, 4, 8, 8]);
    const condition = { ...drawing(6, 32, 16), shape: [2, 3, 16, 16] };
    const noise = (mode?: "balanced" | "guess" | "prompt", guidanceScale = 0) =>
      model.predictNoise(latent, {
        ...{ timestep: 500, text, guidanceScale, batch: 2 },
        ...(mode && { controls: [{ net: 0, image: condition, scale: 1, mode }] }),
      });
    const negative = await noise();
    expect(distance(await noise("guess"), negative)).toBeLessThan(1e-6);
    for (const mode of ["balanced", "prompt"] as const) expect(distance(await noise(mode), negative)).toBeGreaterThan(0.01);
    // under the prompt alone "guess" and "prompt" are one
    expect(distance(await noise("guess", 1), await noise("prompt", 1))).toBeLessThan(1e-5);
    expect(distance(await noise("balanced", 1), await noise("prompt", 1))).toBeGreaterThan(0.01);
  });

  test("counts in memory: a call with it takes more than one without", () => {
    const window = { height: 8, width: 8 };
    const rowsOf = (controls?: readonly { readonly net: number; readonly mode: "balanced" }[]) =>
      model.batchSize("gradient", window, controls);
    expect(rowsOf([{ net: 0, mode: "balanced" }])).toBeLessThanOrEqual(rowsOf());
    const huge = { height: 4096, width: 4096 };
    const run = { calls: ["noise"], window: huge, panorama: huge, edge: "open", controls: [[], [{ net: 0, mode: "balanced" }]] } as const;
    expect(() => model.expectFits?.(run)).toThrow(/noise, noise with control/);
  });

  test("says in the first record that a grey condition is taken three times, and that no step lies in an interval", async () => {
    const grey = tensor(image.data.slice(0, H * W), [1, 1, H, W]);
    const rgb = tensor(
      Float32Array.from({ length: 3 * H * W }, (_, k) => grey.data[k % (H * W)]),
      [1, 3, H, W],
    );
    expect(await painted({ image: grey })).toEqual(await painted({ image: rgb }));
    const { steps } = await finish(
      multiDiffusion(model, {
        ...options,
        control: [
          { image: grey, end: 0.7 },
          { image, scale: 2, start: 0.4, end: 0.6 },
        ],
      }),
    );
    expect(steps[0].notices).toEqual([
      "control[0]: a grey condition; its channel is taken three times",
      "control[1]: from 0.4 to 0.6 lies no whole step of 3, so that it is never used",
    ]);
    expect(steps.map(({ control }) => control)).toEqual(
      [true, true, false].map((used) => [
        { scale: 1, used },
        { scale: 2, used: false },
      ]),
    );
  });

  test("is not part of a plain run's records and options", async () => {
    const run = multiDiffusion(plain, options);
    expect("control" in run.options).toBe(false);
    const { steps } = await finish(run);
    expect(steps.every((step) => !("control" in step))).toBe(true);
  });

  test.each<[unknown, typeof Error | string, RegExp]>([
    [{ image: drawing(1, 8, W) }, "RangeError", /image: got 48 × 8 px, want 48 × 16, as large as the panorama; .*fit "stretch"/],
    [{ image: tensor(new Float32Array(2 * H * W), [1, 2, H, W]) }, "ShapeError", /image: got \[1,2,16,48\]/],
    [{ image: { ...image, data: image.data.map((x) => 255 * x) } }, "RangeError", /want values in \[0,1\]; divide by 255/],
    [{ image: { ...image, data: image.data.map(() => Number.NaN) } }, "RangeError", /got a value of NaN, want values in \[0,1\]$/],
    [{ image, start: 0.6, end: 0.5 }, "RangeError", /start 0\.6 and end 0\.5, want shares of the steps from 0 to 1/],
    [{ image, end: 1.5 }, "RangeError", /end 1\.5/],
    [{ image, scale: Number.POSITIVE_INFINITY }, "RangeError", /scale Infinity, want a number/],
    [{ image, mode: "strict" }, "RangeError", /mode strict, want one of balanced, guess, prompt/],
    [{ image, net: 2 }, "RangeError", /net 2, want a whole number from 0 to 1: the model has net3, /],
    [{ image, fit: "cover" }, "RangeError", /fit cover, want exact or stretch/],
    [[{ image }, { scale: 1 }], "TypeError", /control\[1\]: got object, want \{ image/],
    ["edges.png", "RangeError", /control edges\.png: want \{ image/],
  ])("refuses %# at once", (control, kind, message) => {
    let found: Error | undefined;
    try {
      multiDiffusion(model, { ...options, control: control as ControlOptions });
    } catch (error) {
      found = error as Error;
    }
    expect(found?.name).toBe(kind);
    expect(found?.message).toMatch(message);
  });

  test("of a model that was opened without a ControlNet is a TypeError that says how to open it", () =>
    expect(() => multiDiffusion(plain, { ...options, control: { image } })).toThrow(
      /opened without a ControlNet; open it with openModel\(path, \{ control/,
    ));

  test("a condition of another size is stretched where that is asked for", async () => {
    const { control } = multiDiffusion(model, { ...options, control: { image: drawing(1, 40, 40), fit: "stretch" } }).options;
    expect(control?.[0].image.shape).toEqual([1, 3, H, W]);
    expect("fit" in (control?.[0] ?? {})).toBe(false);
  });
});

describe("every joint method", () => {
  const f = 2;
  const [h, w] = [8, 32];
  /** A number for each latent pixel, as a latent's first channel and as a condition. */
  const place = (k: number) => (k + 1) / (h * w + 1);
  const latent = randn(createRng(8), [1, 4, h, w]);
  for (let k = 0; k < h * w; k++) latent.data[k] = Math.fround(place(k));
  const condition = tensor(
    Float32Array.from({ length: f * f * h * w }, (_, k) => place(Math.floor(k / (f * f * w)) * w + Math.floor((k % (f * w)) / f))),
    [1, 1, f * h, f * w],
  );
  /** Rows that never come from the panorama: the reference of SaFa, further panoramas of a search. */
  const others: Readonly<Record<string, number>> = { safa: 1 };

  test.each(allMethods().map((method) => [method.name, method] as const))(
    "%s shows each window its own part of the condition",
    async (name, method) => {
      const found: { readonly latents: Tensor; readonly image: Tensor }[] = [];
      const model = controlToy();
      const watched = {
        ...model,
        predictNoise: (x: Tensor, asked: Parameters<typeof model.predictNoise>[1]) => {
          for (const { image } of asked.controls ?? []) found.push({ latents: x, image });
          return model.predictNoise(x, asked);
        },
        predictMergedNoise: (x: Tensor, asked: Parameters<NonNullable<typeof model.predictMergedNoise>>[1]) => {
          for (const { image } of asked.controls ?? []) found.push({ latents: x, image });
          return model.predictMergedNoise!(x, asked);
        },
      };
      const own = { sync: { weight: 0 }, cdgs: { population: 1, resamples: 1 }, regions: { bootstrapping: 0 } }[name] ?? {};
      const sampler = name === "gvcf" ? { eta: 1, sampler: "ddim" } : {};
      const run = method.run(watched, {
        prompt: "a",
        latent,
        loop: true,
        seed: 3,
        steps: 2,
        control: { image: condition },
        ...own,
        ...sampler,
      } as never);
      await run.next();
      const calls = name === "collage" ? found.slice(0, 2) : found.slice(0, 1);
      expect(calls.length).toBeGreaterThan(0);
      let wrong = 0;
      for (const { latents, image } of found) {
        const [n, , height, width] = latents.shape;
        expect(image.shape).toEqual([n, 3, f * height, f * width]);
        for (let row = 0; row < n; row++) {
          const seen = crop(rows(image, row, row + 1), { top: 0, left: 0, height: f * height, width: f * width }).data;
          const asked = rows(latents, row, row + 1).data.subarray(0, height * width);
          const same = asked.every((x, k) => x === seen[Math.floor(k / width) * f * f * width + (k % width) * f]);
          if (!same) wrong++;
        }
      }
      expect(wrong).toBe(others[name] ?? 0);
    },
  );

  test("a method that calls for other windows than it said is told to say where they lie", async () => {
    const shifted = jointMethod({
      ...{ name: "shifted", title: "Shifted", summary: "windows, and one more", source: "a test" },
      async *steps(run, { windows }) {
        const more = cropAll(run.start, [...windows, windows[0]]);
        for (const hop of run.hops) yield run.record(hop, run.start, { x: await run.noise(more, hop), x0: more, history: [] });
        return run.finish(run.start);
      },
    });
    const { error } = await fail(shifted.run(controlToy(), { prompt: "a", steps: 1, control: { image: condition }, latent }));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/^control: got \d+ windows of 8×8 in a call for \d+, want a place for each.*run\.under\(places\)/);
  });
});
