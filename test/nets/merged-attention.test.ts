/** Laws of merged attention: where windows lie on a canvas, in the U-Net's graph, and in a model of random numbers. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MemoryError } from "#kernel-lib/core/errors.js";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { rows, stack, type Tensor } from "#kernel-lib/core/tensor.js";
import type { MergedWindows } from "#kernel-lib/diffusion/capabilities.js";
import { vFromEps } from "#kernel-lib/diffusion/notation.js";
import { createSchedule } from "#kernel-lib/diffusion/schedule.js";
import { expectFit } from "#kernel-lib/engine/memory-demand.js";
import { startRuntime } from "#kernel-lib/engine/runtime.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { countPasses } from "#kernel-lib/methods/joint/count-passes.js";
import { cropAll, fuse, rollColumns } from "#kernel-lib/methods/joint/fuse.js";
import { mergeAttendDiffuse } from "#kernel-lib/methods/joint/mad.js";
import { multiDiffusion } from "#kernel-lib/methods/joint/multidiffusion.js";
import { planWindows } from "#kernel-lib/methods/joint/windows.js";
import { canvasTable, cellsOf } from "#kernel-lib/nets/merged-attention.js";
import type { Model } from "#kernel-lib/pipelines/model.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { TINY, tinyCheckpoint } from "../fixtures/tiny-checkpoint.js";
import { finish, toy } from "../methods/joint/toy.js";

const runtime = startRuntime({ device: "cpu", threads: 1 });
const { path, remove } = tinyCheckpoint();
let model: Model;
let text: Tensor;
beforeAll(async () => {
  model = await openModel(path, { device: "cpu", threads: 1 });
  text = await model.encodeText(["", "a"]);
});
afterAll(async () => {
  await model.close();
  await runtime.close();
  remove();
});

const noise = (seed: number, shape: readonly number[]): Tensor => randn(createRng(seed), shape);
const apart = (a: Tensor, b: Tensor): number => a.data.reduce((most, x, k) => Math.max(most, Math.abs(x - b.data[k])), 0);

describe("windows on a canvas", () => {
  const canvasOf = (width: number, stride: number, loop: boolean) => {
    const windows = planWindows({ window: 8, height: 8, width, stride, loop });
    const canvas = {
      height: 8,
      width,
      window: { height: 8, width: 8 },
      tops: windows.map(() => 0),
      lefts: windows.map(({ left }) => left),
    };
    return { windows, canvas };
  };

  it.each([
    ["a strip", 20, false],
    ["a ring", 20, true],
  ])("of %s: the merge is `fuse`, and what is cut from it is `cropAll` of that, for every row of the batch", async (_, width, loop) => {
    const { windows, canvas } = canvasOf(width, 4, loop);
    const n = windows.length;
    const [R, C] = [2, 3];
    const x = noise(1, [R * n, 64, C]);
    const graph = new Graph();
    const { merge, crop } = canvasTable(graph, cellsOf(canvas, { height: 8, width: 8 }), R);
    const merged = merge(graph.input("x", x.shape));
    graph.output("merged", merged);
    graph.output("cut", crop(merged));
    const session = await runtime.open(graph);
    const found = await session.run({ x });
    await session.release();
    const asMaps = (t: Tensor, pixels: number): Tensor => ({
      data: t.data.map((_, k) => t.data[Math.floor(k / (C * pixels)) * C * pixels + (k % pixels) * C + (Math.floor(k / pixels) % C)]),
      shape: [t.shape[0], C, 8, pixels / 8],
    }); // [rows,pixels,C] -> [rows,C,8,pixels/8]
    for (let r = 0; r < R; r++) {
      const want = fuse(asMaps(rows(x, r * n, (r + 1) * n), 64), windows, [1, C, 8, width]);
      expect(apart(asMaps(rows(found.merged, r, r + 1), 8 * width), want)).toBeLessThan(1e-6);
      expect(apart(asMaps(rows(found.cut, r * n, (r + 1) * n), 64), cropAll(want, windows))).toBeLessThan(1e-6);
    }
  });

  it("cover every pixel of every smaller map, also where a stride is no multiple of its pixels", () => {
    const whole = fc.integer({ min: 1, max: 8 });
    fc.assert(
      fc.property(whole, whole, fc.boolean(), fc.constantFrom(1, 2, 4, 8), (stride, steps, loop, smaller) => {
        const width = loop ? stride * Math.ceil(8 / stride) + stride * steps : 8 + stride * steps;
        const { windows, canvas } = canvasOf(width, stride, loop);
        const { cells, at, covering } = cellsOf(canvas, { height: 8 / smaller, width: 8 / smaller });
        expect(cells).toBe((8 / smaller) * Math.floor(width / smaller));
        expect(at).toHaveLength((windows.length * 64) / smaller ** 2);
        expect(covering.every((pixels) => pixels.length > 0)).toBe(true);
        expect(covering.flat().sort((a, b) => a - b)).toEqual([...at.keys()]);
      }),
    );
  });

  it("that leave a pixel of a smaller map uncovered are refused, with the places that would do", () => {
    const canvas = { height: 16, width: 16, window: { height: 8, width: 8 }, tops: [0, 0, 8, 8], lefts: [0, 8, 0, 8] };
    expect(cellsOf(canvas, { height: 4, width: 4 }).cells).toBe(64);
    const holed = { ...canvas, lefts: [0, 8, 0, 7] };
    expect(() => cellsOf(holed, { height: 4, width: 4 })).toThrow(
      /no window covers row 4, column 7 .* at multiples of 2 rows and 2 columns/,
    );
  });
});

describe("predictMergedNoise", () => {
  const place = (windows: MergedWindows["windows"], width: number, attention: MergedWindows["attention"] = "all"): MergedWindows => ({
    windows,
    panorama: { height: 8, width },
    attention,
  });
  const ask = { timestep: 500, guidanceScale: 3 };
  const ring = planWindows({ window: 8, height: 8, width: 16, stride: 4, loop: true });
  const side = TINY.window;

  it("of one window that is the panorama is predictNoise", async () => {
    const latent = noise(5, [1, TINY.channels, side, side]);
    for (const attention of ["all", "queries"] as const) {
      const merged = await model.predictMergedNoise(latent, { ...ask, text, merged: place([{ top: 0, left: 0 }], side, attention) });
      expect(apart(merged, await model.predictNoise(latent, { ...ask, text }))).toBeLessThan(1e-5);
    }
  });

  it("of windows that say the same as one, each at its own place, is that one's: what is averaged is equal, and attention to copies is attention", async () => {
    // two windows at the same place
    const latent = noise(6, [1, TINY.channels, side, side]);
    const twice = stack([latent, latent]);
    const windows = [0, 0].map((left) => ({ top: 0, left }));
    const found = await model.predictMergedNoise(twice, { ...ask, text, merged: place(windows, side) });
    const want = await model.predictNoise(latent, { ...ask, text });
    for (const row of [0, 1]) expect(apart(rows(found, row, row + 1), want)).toBeLessThan(1e-5);
  });

  it("sees what no window alone can see: a change in one window reaches a window that does not touch it", async () => {
    const windows = [0, 8, 16].map((left) => ({ top: 0, left }));
    const latent = noise(7, [3, TINY.channels, side, side]);
    const changed = stack([rows(latent, 0, 2), noise(8, [1, TINY.channels, side, side])]);
    const predict = (x: Tensor, attention: MergedWindows["attention"]) =>
      model.predictMergedNoise(x, { ...ask, text, merged: place(windows, 24, attention) });
    const moved = async (attention: MergedWindows["attention"]) =>
      apart(rows(await predict(latent, attention), 0, 1), rows(await predict(changed, attention), 0, 1));
    expect(await moved("all")).toBeGreaterThan(1e-3);
    expect(await moved("queries")).toBe(0); // cross-attention alone: only overlapping windows meet
  });

  it("on a ring, rolled by a stride, is rolled", async () => {
    const z = noise(9, [1, TINY.channels, side, 16]);
    const predict = (x: Tensor) => model.predictMergedNoise(cropAll(x, ring), { ...ask, text, merged: place(ring, 16) });
    const [here, there] = [await predict(z), await predict(rollColumns(z, 4))];
    expect(apart(stack([rows(there, 1, 4), rows(there, 0, 1)]), here)).toBeLessThan(1e-5);
  });

  it("in half precision is near that in float32", async () => {
    const half = await openModel(path, { device: "cpu", threads: 1, precision: "float16" });
    const latent = cropAll(noise(9, [1, TINY.channels, side, 16]), ring);
    const [narrow, wide] = await Promise.all(
      [half, model].map((on) => on.predictMergedNoise(latent, { ...ask, text, merged: place(ring, 16) })),
    );
    await half.close();
    const norm = (x: Float32Array) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));
    expect(norm(narrow.data.map((x, k) => x - wide.data[k])) / norm(wide.data)).toBeLessThan(1e-2);
  });

  it("of a network of v: v is what its noise says", async () => {
    const checkpoint = tinyCheckpoint({ prediction: "v_prediction" });
    const ofV = await openModel(checkpoint.path, { device: "cpu", threads: 1 });
    const latent = cropAll(noise(9, [1, TINY.channels, side, 16]), ring);
    const options = { ...ask, text, merged: place(ring, 16) };
    const v = await ofV.predictMergedVelocity?.(latent, options);
    const level = createSchedule(ofV.config.schedule).level(500);
    expect(v && apart(v, vFromEps(latent, await ofV.predictMergedNoise(latent, options), level))).toBeLessThan(1e-4);
    await ofV.close();
    checkpoint.remove();
  });

  it("refuses another number of windows than rows", async () => {
    const latent = noise(5, [2, TINY.channels, side, side]);
    await expect(model.predictMergedNoise(latent, { ...ask, text, merged: place(ring, 16) })).rejects.toThrow(
      /latent: got \[2,4,8,8\], want \[4,4,8,8\]; give one row for each window/,
    );
  });
});

describe("MAD over a network", () => {
  const base = { prompt: "a", seed: 3, steps: 4, width: 48, stride: 4 } as const;

  it.each([false, true])("without merged steps is MultiDiffusion, bit for bit; with them it is not (ring: %s)", async (loop) => {
    const multi = await finish(multiDiffusion(model, { ...base, loop }));
    const paint = async (own: object) => (await finish(mergeAttendDiffuse(model, { ...base, loop, ...own }))).result.latent;
    expect(await paint({ mergeShare: 0 })).toEqual(multi.result.latent);
    for (const own of [{}, { mergeShare: 0, mergeQueries: "always" }, { sampler: "dpmpp-2m" }])
      expect(apart(await paint(own), multi.result.latent)).toBeGreaterThan(1e-3);
  });

  it("merges in the first steps alone, all windows in one call, and asks for batches in the others", async () => {
    const watched = toy();
    await finish(mergeAttendDiffuse(watched, { ...base, mergeShare: 0.5, batch: 2 }));
    const sizes = watched.calls.filter(({ kind }) => kind === "noise").map(({ timestep, latent }) => [timestep, latent.shape[0]]);
    const [first, second, ...rest] = [...new Set(sizes.map(([t]) => t))];
    expect(sizes.filter(([t]) => t === first || t === second)).toEqual([first, second].map((t) => [t, 5]));
    expect(sizes.filter(([t]) => rest.includes(t)).every(([, size]) => size <= 2)).toBe(true);
  });

  it("costs the passes of MultiDiffusion", async () => {
    const passes = { forward: 0, backward: 0, milliseconds: 0 };
    await finish(mergeAttendDiffuse(countPasses(toy(), passes), base));
    expect(passes).toMatchObject({ forward: 4 * 5, backward: 0 });
  });

  it("needs a model whose attention can be merged, and says so before anything is computed", () => {
    const { predictMergedNoise: _, ...without } = toy();
    expect(() => mergeAttendDiffuse(without, base)).toThrow(/^mad: got a model whose attention cannot be merged, want one that offers it/);
  });

  it("that would not fit into memory is refused, with how many windows would", () => {
    const windows = planWindows({ window: 8, height: 8, width: 4096, stride: 1 });
    const need = { calls: ["noise"], window: { height: 8, width: 8 }, panorama: { height: 8, width: 4096 }, edge: "open" } as const;
    expect(() =>
      model.expectFits?.({ ...need, merged: { windows: windows.slice(0, 5), panorama: { height: 8, width: 12 }, attention: "all" } }),
    ).not.toThrow();
    const plan = { rowBytes: 2 ** 33, weightBytes: 2 ** 20 };
    const demand = { name: "merged noise", plan, rows: 1, holds: { count: 21, of: "windows" } };
    expect(() => expectFit([demand], 2 ** 32)).toThrow(MemoryError);
    expect(() => expectFit([demand], 2 ** 32)).toThrow(
      /for one call of merged noise, which takes all 21 windows together; .* are free; 10 windows would fit: take a smaller panorama or a larger stride$/,
    );
  });
});
