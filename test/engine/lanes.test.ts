/** Lanes: how rows are shared out, and that results depend neither on them nor on the rows of a call. */
import { afterAll, expect, test } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { openLanes } from "#kernel-lib/engine/lanes.js";
import { planner } from "#kernel-lib/engine/plan.js";
import type { GraphMemory } from "#kernel-lib/engine/program.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { matmul } from "#kernel-lib/graph/ops/matmul.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { TINY, tinyCheckpoint } from "../fixtures/tiny-checkpoint.js";

const checkpoint = tinyCheckpoint();
afterAll(checkpoint.remove);

test("one thread has no lanes, nor has a graphics card; more threads than four are shared among four lanes", async () => {
  expect(openLanes({ device: "cpu", threads: 1 })).toBeUndefined();
  expect(openLanes({ device: "cuda", threads: 4 })).toBeUndefined();
  expect([2, 3, 16].map((threads) => openLanes({ device: "cpu", threads })?.count)).toEqual([2, 3, 4]);
});

test("lanes take two rows each, where as many may be under way; fewer rows are not shared", () => {
  const lanes = openLanes({ device: "cpu", threads: 3 });
  for (let n = 1; n < 30; n++)
    for (let most = 1; most < 12; most++)
      expect(lanes?.planBatch(n, most)).toEqual(n > 2 && most >= 6 ? { size: 2, calls: Math.ceil(n / 2) } : undefined);
});

test("each lane's copy of the weights is counted; a graph with many weights, or with checkpointing, has none", () => {
  const waves = (side: number) => ({
    name: "waves",
    graph: (_: object, batch: number, memory?: GraphMemory) => {
      const graph = new Graph(memory);
      const w = graph.weight("w", [side, side], "float32", { file: "/w.safetensors", offset: 0, length: 4 * side * side });
      graph.output("y", matmul(graph.input("x", [batch, side]), w));
      return graph;
    },
  });
  const plan = (side: number, lanes: number) => planner(() => 2 ** 34, { lanes })(waves(side), {});
  expect([plan(64, 2).lanes, plan(64, 2).weightBytes]).toEqual(["shared", 2 * plan(64, 1).weightBytes]);
  expect([plan(64, 1).lanes, plan(16384, 2).lanes]).toEqual(["none", "none"]);
});

test("noise, gradients and pictures are the same bits for any number of threads, and of rows of a call from two on", async () => {
  const rng = createRng(5);
  const latent = randn(rng, [7, TINY.channels, TINY.window, TINY.window]); // [7,4,8,8]
  const side = TINY.window * TINY.scale;
  const reference = randn(rng, [1, 3, side, side]);
  const seen = [];
  for (const [threads, batch] of [
    [1, 7],
    [1, 3],
    [2, 7],
    [2, 2],
    [3, 6],
    [5, undefined],
  ]) {
    const model = await openModel(checkpoint.path, { device: "cpu", threads });
    const text = await model.encodeText(["", "hills"]);
    const timestep = 301;
    const noise = await model.predictNoise(latent, { text, timestep, guidanceScale: 3, batch });
    const { gradient, loss } = await model.perceptualGradient(latent, { text, timestep, anchor: reference, batch });
    const image = await model.decode(latent, { batch });
    await model.close();
    seen.push([noise, gradient, loss, image]);
  }
  for (const [k, each] of seen.entries()) expect([k, each]).toEqual([k, seen[0]]);
});
