/** @file Convolutions in ONNX Runtime's blocked layout equal plain ones, forward and backward. */
import { describe, expect, test } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import type { Shape } from "#kernel-lib/core/tensor.js";
import { probeConvBlock } from "#kernel-lib/engine/conv-block.js";
import { openSession } from "#kernel-lib/engine/session.js";
import { gradient } from "#kernel-lib/graph/gradient.js";
import { Graph, type Value } from "#kernel-lib/graph/graph.js";
import { onnxBytes } from "#kernel-lib/graph/onnx.js";
import { conv, upsampleConv } from "#kernel-lib/graph/ops/conv.js";
import { mul } from "#kernel-lib/graph/ops/elementwise.js";

type Build = (x: Value, w: Value, b: Value) => Value;
interface Case {
  readonly x: Shape;
  readonly w: Shape;
  readonly build: Build;
}

/** y and its gradients of Σ y². */
async function run({ x, w, build }: Case, convBlock: number | undefined) {
  const graph = new Graph({ convBlock });
  const [vx, vw, vb] = [graph.input("x", x), graph.input("w", w), graph.input("b", [w[0]])];
  const y = build(vx, vw, vb);
  graph.output("y", y);
  for (const [k, d] of gradient(graph, mul(y, y), [vx, vw, vb]).entries()) graph.output(["dx", "dw", "db"][k], d);
  const session = await openSession(onnxBytes(graph), { device: "cpu", threads: 1 });
  const rng = createRng(11);
  const results = await session.run({ x: randn(rng, x), w: randn(rng, w), b: randn(rng, [w[0]]) });
  await session.release();
  return { results, types: graph.liveNodes().map(({ type }) => type) };
}

const distance = (a: Float32Array, b: Float32Array): number => Math.hypot(...a.map((value, k) => value - b[k])) / Math.hypot(...b);

const CASES: Readonly<Record<string, Case>> = {
  "3×3": { x: [2, 32, 9, 7], w: [16, 32, 3, 3], build: (x, w, b) => conv(x, w, b, { padding: 1 }) },
  "1×1": { x: [2, 16, 5, 5], w: [32, 16, 1, 1], build: (x, w, b) => conv(x, w, b) },
  "3×3 at stride 2": { x: [1, 16, 8, 8], w: [16, 16, 3, 3], build: (x, w, b) => conv(x, w, b, { stride: 2, padding: 1 }) },
  "3×3 with a wrapped edge": { x: [1, 16, 6, 8], w: [16, 16, 3, 3], build: (x, w, b) => conv(x, w, b, { padding: 1, edge: "wrap" }) },
  "3×3 of a doubled picture": { x: [2, 16, 4, 6], w: [16, 16, 3, 3], build: (x, w, b) => upsampleConv(x, w, b) },
  "3×3, small maps and a batch of 16": { x: [16, 32, 4, 4], w: [16, 32, 3, 3], build: (x, w, b) => conv(x, w, b, { padding: 1 }) },
  "channels that the block does not divide": { x: [2, 12, 6, 6], w: [20, 12, 3, 3], build: (x, w, b) => conv(x, w, b, { padding: 1 }) },
};

describe("blocked convolutions", async () => {
  const block = await probeConvBlock();

  test.each(Object.entries(CASES))("%s: output and gradients equal the plain convolution's to 2e-5", async (_, each) => {
    const [plain, blocked] = [await run(each, undefined), await run(each, block)];
    for (const name of ["y", "dx", "dw", "db"])
      expect(distance(blocked.results[name].data, plain.results[name].data), name).toBeLessThan(2e-5);
  });

  test.runIf(block !== undefined)("are what the graph emits where the block divides the channels, and only there", async () => {
    const isBlocked = (type: string) => type === "com.microsoft.nchwc.Conv";
    expect((await run(CASES["3×3"], block)).types.some(isBlocked)).toBe(true);
    expect((await run(CASES["channels that the block does not divide"], block)).types.some(isBlocked)).toBe(false);
    expect((await run(CASES["3×3"], undefined)).types.some(isBlocked)).toBe(false);
  });

  test.runIf(block !== undefined)("a block that is not the processor's gives other numbers: the probe tells them apart", async () => {
    const wrong = block === 16 ? 8 : 16;
    const [plain, blocked] = [await run(CASES["3×3"], undefined), await run(CASES["3×3"], wrong)];
    expect(distance(blocked.results.y.data, plain.results.y.data)).toBeGreaterThan(0.1);
  });
});
