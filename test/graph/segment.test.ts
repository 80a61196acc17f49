import { describe, expect, test } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { peakBytes } from "#kernel-lib/engine/memory.js";
import { openSession } from "#kernel-lib/engine/session.js";
import { gradient } from "#kernel-lib/graph/gradient.js";
import { Graph, type GraphOptions, type Value } from "#kernel-lib/graph/graph.js";
import { onnxBytes } from "#kernel-lib/graph/onnx.js";
import { conv } from "#kernel-lib/graph/ops/conv.js";
import { add, exp, mul, sin } from "#kernel-lib/graph/ops/elementwise.js";
import { attention } from "#kernel-lib/graph/ops/matmul.js";
import { segment } from "#kernel-lib/graph/segment.js";

/** The graph's outputs, fed with the same noise whatever the graph stores. */
async function outputs(build: (graph: Graph) => void, options: GraphOptions): Promise<Record<string, Float32Array>> {
  const graph = new Graph(options);
  build(graph);
  const rng = createRng(3);
  const session = await openSession(onnxBytes(graph), { device: "cpu", threads: 1 });
  const results = await session.run(Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, randn(rng, shape)])));
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data]));
}

/** Four sines per segment. */
function waves(graph: Graph, segments: number, size: number): { readonly x: Value; readonly y: Value } {
  const x = graph.input("x", [size]);
  const weight = graph.input("weight", [size]);
  let y = x;
  for (let k = 0; k < segments; k++) y = segment([y], ([h]) => sin(mul(sin(sin(sin(h))), weight)));
  return { x, y };
}

describe("a gradient through segments", () => {
  test("is bit for bit the one that stores everything, also for a value that a segment reads without being given it", async () => {
    const build = (graph: Graph) => {
      const { x, y } = waves(graph, 3, 16);
      const [dx, dWeight] = gradient(graph, mul(y, y), [x, graph.inputs[1]]);
      graph.output("dx", dx);
      graph.output("dWeight", dWeight);
    };
    const [all, boundaries] = [await outputs(build, { checkpointing: false }), await outputs(build, { checkpointing: true })];
    expect(boundaries).toEqual(all);
    expect(all.dx.some((d) => d !== 0)).toBe(true);
  });

  test("holds one value per segment and the inside of one", () => {
    const peak = (segments: number, options: GraphOptions) => {
      const graph = new Graph(options);
      const { x, y } = waves(graph, segments, 1000);
      graph.output("dx", gradient(graph, mul(y, y), x));
      return peakBytes(graph) / 4000;
    };
    const growth = (options: GraphOptions) => (peak(20, options) - peak(10, options)) / 10;
    expect(growth({ checkpointing: false })).toBe(4); // three sines and a product
    expect(growth({ checkpointing: true })).toBeCloseTo(1, 1);
  });

  test("takes from the forward pass what it was told to store", () => {
    const exps = (build: (h: Value) => Value) => {
      const graph = new Graph({ checkpointing: true });
      const x = graph.input("x", [4]);
      const y = segment([x], ([h]) => mul(build(h), h));
      graph.output("dx", gradient(graph, y, x));
      return graph.liveNodes().filter(({ type }) => type === "Exp").length;
    };
    expect(exps((h) => exp(h))).toBe(1); // the forward pass's is not needed for dx alone
    const graph = new Graph({ checkpointing: true });
    const x = graph.input("x", [4]);
    const y = segment([x], ([h]) =>
      mul(
        graph.keep(() => exp(h)),
        h,
      ),
    );
    graph.output("y", y);
    graph.output("dx", gradient(graph, y, x));
    expect(graph.liveNodes().filter(({ type }) => type === "Exp")).toHaveLength(1);
  });

  test("recomputes only after the gradient has come back to the segment: every recomputed node depends on the last forward value", () => {
    const graph = new Graph({ checkpointing: true });
    const x = graph.input("x", [4]);
    const y = segment([x], ([h]) => sin(sin(sin(h))));
    const forward = graph.nodes.length;
    graph.output("dx", gradient(graph, mul(y, y), x));
    const dependsOnY = new Set([y.name]);
    for (const { inputs, outputs } of graph.nodes)
      if (inputs.some((name) => dependsOnY.has(name))) for (const name of outputs) dependsOnY.add(name);
    const again = graph.nodes.slice(forward).filter(({ type }) => type === "Sin");
    expect(again).toHaveLength(3);
    for (const { outputs } of again) expect(dependsOnY.has(outputs[0])).toBe(true);
  });

  test("stores a convolution of 256 channels under a 3×3 kernel, and recomputes a smaller one", () => {
    const convolutions = (channels: number) => {
      const graph = new Graph({ checkpointing: true });
      const x = graph.input("x", [1, channels, 4, 4]);
      const w = graph.input("w", [channels, channels, 3, 3]);
      const y = segment([x], ([h]) => sin(conv(h, w, undefined, { padding: 1 })));
      graph.output("y", y);
      graph.output("dx", gradient(graph, y, x));
      return graph.liveNodes().filter(({ type }) => type === "Conv").length;
    };
    expect(convolutions(256)).toBe(2); // forward, and dx
    expect(convolutions(255)).toBe(3); // forward, again, and dx
  });

  test("is not poisoned by a number that is none: the tie to what came before is 0 for NaN too", async () => {
    const build = (graph: Graph) => {
      const x = graph.input("x", [2, 2]);
      const y = segment([x], ([h]) => mul(h, h));
      const seed = graph.constant([Number.NaN, 1, 1, 1], [2, 2]);
      graph.output("dx", gradient(graph, mul(y, seed), x));
    };
    const { dx } = await outputs(build, { checkpointing: true });
    expect([...dx].map(Number.isNaN)).toEqual([true, false, false, false]);
  });
});

describe("attention in tiles", () => {
  const [B, S, T, C, heads] = [2, 6, 5, 8, 4];
  const build = (graph: Graph) => {
    const [q, k, v] = [graph.input("q", [B, S, C]), graph.input("k", [B, T, C]), graph.input("v", [B, T, C])];
    const mask = graph.input("mask", [S, T]);
    const weights = graph.input("weights", [B, S, C]);
    const y = segment([q, k, v, mask], ([q, k, v, mask]) => add(attention(q, k, v, heads, mask), q));
    graph.output("y", y);
    for (const [n, d] of gradient(graph, mul(y, weights), [q, k, v, mask]).entries()) graph.output(`d${n}`, d);
  };

  test.each([
    ["rows", 3 * S * T * 4],
    ["queries of a row", 4 * T * 4],
  ])("is the whole one, and so are its gradients: %s", async (_, scoreBytes) => {
    const [whole, parts] = [await outputs(build, {}), await outputs(build, { checkpointing: true, scoreBytes })];
    for (const [name, data] of Object.entries(whole)) {
      const largest = Math.max(...data.map(Math.abs));
      expect(largest).toBeGreaterThan(0);
      for (const [n, x] of data.entries()) expect(Math.abs(parts[name][n] - x)).toBeLessThan(2e-6 * largest);
    }
  });

  test("never holds more scores than allowed", () => {
    const scoreBytes = 3 * S * T * 4;
    const graph = new Graph({ checkpointing: true, scoreBytes });
    build(graph);
    const scores = graph.liveNodes().filter(({ type }) => type === "Softmax");
    for (const { outputs } of scores) {
      const shape = graph.values.get(outputs[0])?.shape ?? [];
      expect(shape.reduce((n, d) => n * d, 4)).toBeLessThanOrEqual(scoreBytes);
    }
    expect(scores).toHaveLength(2 * 3); // eight rows in three parts, forward and again
  });
});
