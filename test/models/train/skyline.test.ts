/** Training of the ControlNet that follows a skyline: what it is shown, and where it begins. */
import { beforeAll, describe, expect, test } from "vitest";
import { lineThrough } from "#kernel-lib/conditions/horizon.js";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { sizeOf } from "#kernel-lib/core/tensor.js";
import { startRuntime } from "#kernel-lib/engine/runtime.js";
import type { Feeds } from "#kernel-lib/engine/session.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { inputParameters, type Parameters } from "#kernel-lib/nets/parameters.js";
import { readSafetensors } from "#kernel-lib/weights/safetensors.js";
import { ensureCandidate, FOLDER } from "#models/tiny-landscapes/train/folder.js";
import { skylineTraining, windowRows } from "#models/tiny-landscapes/train/skyline.js";
import { drawLabelled } from "#models/tiny-landscapes/world/landscape.js";
import { isInTheSky, skylineRows } from "#models/tiny-landscapes/world/skyline.js";

describe("the skyline of a drawing", () => {
  test("is the first row that shows a thing which does not stand in the sky", () => {
    const ids = Uint16Array.from([0, 1, 0, 2, 1, 0, 2, 2, 0, 2, 2, 0]); // 4 rows of 3 columns: 1 a sun, 2 a peak
    expect([...skylineRows({ ids, things: ["sun", "peak"], width: 3 })]).toEqual([1, 2, 4]);
  });

  test("has the sky above it and the land on it, in every column of twenty drawings", () => {
    for (let seed = 0; seed < 20; seed++) {
      const map = drawLabelled(createRng(31_000 + seed), { width: 128 });
      const rows = skylineRows(map);
      const land = (x: number, y: number) => map.ids[y * 128 + x] > 0 && !isInTheSky(map.things[map.ids[y * 128 + x] - 1]);
      for (const [x, row] of rows.entries()) {
        expect(row).toBeLessThan(128);
        expect(land(x, row)).toBe(true);
        for (let y = 0; y < row; y++) expect(land(x, y)).toBe(false);
      }
    }
  });

  test("of a mirrored drawing's window is that of the same place, from right to left", () => {
    const rows = Float32Array.from({ length: 512 }, (_, x) => x);
    expect(windowRows(rows, 2, 8)[0]).toBe(256 + 8);
    expect(windowRows(rows, 3, 8)[0]).toBe(511 - 8);
    expect([...windowRows(rows, 3, 128)].reverse()).toEqual([...windowRows(rows, 2, 0)]);
  });

  test("is drawn as `horizon` draws one: a line of 3 pixels without gaps", () => {
    const { data } = lineThrough([4, 4, 12, 4], { width: 4, height: 16 });
    const column = (x: number) => Array.from({ length: 16 }, (_, y) => y).filter((y) => data[y * 4 + x] === 1);
    expect(column(0)).toEqual([3, 4, 5]);
    expect(column(2)).toEqual([7, 8, 9, 10, 11, 12, 13]);
  });
});

describe("the training", () => {
  beforeAll(() => ensureCandidate());

  /** What the training's loss is for fixed inputs, with parameters changed by `change`. */
  async function lossOf(change: (key: string, data: Float32Array) => Float32Array): Promise<number> {
    const training = skylineTraining();
    const graph = new Graph();
    const own: Parameters & { readonly all: ReadonlyMap<string, { readonly shape: readonly number[] }> } = inputParameters(graph, "own:");
    const { square } = training.loss(graph, own);
    graph.output("square", square);
    const rng = createRng(5);
    const begin = createRng(training.seed);
    const feeds: Record<string, Feeds[string]> = {};
    for (const [key, { shape }] of own.all) feeds[`own:${key}`] = { data: change(key, training.initial(key, shape, begin)), shape };
    const [n, latent] = [32, [32, 4, 16, 16]];
    Object.assign(feeds, {
      clean: randn(rng, latent),
      noise: randn(rng, latent),
      alpha: { data: new Float32Array(n).fill(0.6), shape: [n, 1, 1, 1] },
      sigma: { data: new Float32Array(n).fill(0.8), shape: [n, 1, 1, 1] },
      weight: { data: new Float32Array(n).fill(1), shape: [n, 1, 1, 1] },
      timestepEmbedding: randn(rng, [n, 48]),
      ids: { data: new Int32Array(n * 24), shape: [n, 24] },
      condition: { data: randn(rng, [n, 3, 128, 128]).data.map((x) => (x > 0 ? 1 : 0)), shape: [n, 3, 128, 128] },
    });
    const runtime = startRuntime({ device: "cpu", threads: 1 });
    try {
      const session = await runtime.open(graph);
      return (await session.run(feeds)).square.data[0];
    } finally {
      await runtime.close();
    }
  }

  test("begins with the U-Net as it is: with residuals of zero, no change of the ControlNet's other numbers changes the loss", async () => {
    const before = await lossOf((_, data) => data);
    expect(await lossOf((key, data) => (key.startsWith("mid_block") ? data.map((x) => 2 * x) : data))).toBe(before);
    expect(await lossOf((key, data) => (key === "controlnet_mid_block.bias" ? data.fill(1) : data))).not.toBe(before);
  });

  test("begins with the U-Net's own encoder", () => {
    const { initial, seed } = skylineTraining();
    const own = readSafetensors(`${FOLDER}/unet/diffusion_pytorch_model.safetensors`)["conv_in.weight"];
    const begun = initial("conv_in.weight", own.shape, createRng(seed));
    expect(begun.length).toBe(sizeOf(own.shape));
    for (const [k, x] of begun.entries()) expect(Math.abs(x - own.data[k])).toBeLessThan(1e-3); // the shipped numbers are in half precision
  });
});
