import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { matrixRate } from "#kernel-lib/engine/matrix-rate.js";
import { flopsOf } from "#kernel-lib/graph/flops.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { checkpointParameters } from "#kernel-lib/nets/parameters.js";
import { perceptualDistance } from "#kernel-lib/nets/perceptual.js";
import { stableDiffusionParts } from "#kernel-lib/pipelines/open-checkpoint.js";
import { estimateStep, stepFlops } from "#kernel-lib/pipelines/step-estimate.js";
import { scratchFolder } from "../fixtures/checkpoint-folder.js";
import { writeTinyCheckpoint } from "../fixtures/tiny-checkpoint.js";

const scratch = scratchFolder();
const folder = writeTinyCheckpoint(join(scratch.path, "tiny"));
afterAll(() => scratch.remove());

/** Multiply-adds of a convolution 3×3 of a picture, twice. */
const convFlops = (side: number, from: number, to: number) => 2 * side ** 2 * to * from * 9;

test("the operations of a perceptual network's convolutions are those of its channels", () => {
  const part = stableDiffusionParts("tiny-landscapes", {}).part("perceptual");
  const graph = new Graph();
  const [image, reference] = ["image", "reference"].map((name) => graph.input(name, [1, 3, 128, 128]));
  graph.output("distance", perceptualDistance(part.config, checkpointParameters(graph, part), image, reference));
  const levels = [16, 32, 64, 64].map(
    (out, k, all) => convFlops(64 / 2 ** k, k === 0 ? 3 : all[k - 1], out) + convFlops(64 / 2 ** k, out, out),
  );
  const heads = 2 * (16 + 32 + 64 + 64); // a linear layer for each level, of the difference
  expect(flopsOf(graph)).toBe(2 * levels.reduce((a, b) => a + b) + heads);
});

test("an estimate is the graphs' operations over the rate of matrix products, and at most twice that", async () => {
  const estimate = await estimateStep(folder);
  const flops = stepFlops(stableDiffusionParts(folder, {}));
  expect(estimate?.flops).toEqual(flops);
  const least = (flops.noise + (flops.gradient ?? 0)) / (estimate?.rate ?? 0);
  expect(estimate?.secondsPerWindow[0]).toBeCloseTo(least, 12);
  expect(estimate?.secondsPerWindow[1]).toBeCloseTo(2 * least, 12);
});

test("a window's gradient takes more than two and less than eight times its noise", () => {
  const { noise, gradient = 0 } = stepFlops(stableDiffusionParts("tiny-landscapes", {}));
  expect(gradient / noise).toBeGreaterThan(2);
  expect(gradient / noise).toBeLessThan(8);
});

test("the rate of matrix products is that of a processor: between 0.1 and 10,000 GFLOP/s", async () => {
  const rate = await matrixRate();
  expect(rate).toBeGreaterThan(1e8);
  expect(rate).toBeLessThan(1e13);
});

test("a checkpoint of another kind has no estimate", async () => {
  expect(await estimateStep("tiny-noon")).toBeUndefined();
});
