import { expect, test } from "vitest";
import { peakBytes, weightBytes } from "#kernel-lib/engine/memory.js";
import { planBatch } from "#kernel-lib/engine/session-pool.js";
import { gradient } from "#kernel-lib/graph/gradient.js";
import { Graph, type Value } from "#kernel-lib/graph/graph.js";
import { cast, mul, sin } from "#kernel-lib/graph/ops/elementwise.js";

const chain = (length: number): { graph: Graph; x: Value; y: Value } => {
  const graph = new Graph();
  const x = graph.input("x", [1000]);
  let y = x;
  for (let k = 0; k < length; k++) y = sin(y);
  return { graph, x, y };
};

test("a chain keeps its input and two neighbours, whatever its length", () => {
  for (const length of [3, 30]) {
    const { graph, y } = chain(length);
    graph.output("y", y);
    expect(peakBytes(graph)).toBe(3 * 4000);
  }
});

test("its gradient keeps every value between", () => {
  const peak = (length: number) => {
    const { graph, x, y } = chain(length);
    graph.output("dx", gradient(graph, mul(y, y), x));
    return peakBytes(graph);
  };
  expect(peak(40) - peak(20)).toBe(20 * 4000);
});

test("an output stays alive until the end, however early it was computed", () => {
  const { graph, x, y } = chain(10);
  graph.output("late", y);
  expect(peakBytes(graph)).toBe(3 * 4000);
  const early = new Graph();
  const input = early.input("x", x.shape);
  early.output("early", mul(input, 2));
  let late = input;
  for (let k = 0; k < 10; k++) late = sin(late);
  early.output("late", late);
  expect(peakBytes(early)).toBe(4 * 4000); // the input, the early output and two neighbours of the chain
});

test("what is folded at load time is no activation", () => {
  const graph = new Graph();
  const w = graph.weight("w", [1000], "float16", { file: "/w.safetensors", offset: 0, length: 2000 });
  graph.output("y", mul(graph.input("x", [1000]), sin(cast(w, "float32"))));
  expect(peakBytes(graph)).toBe(2 * 4000);
});

test("weights are counted by their bytes in the file", () => {
  const graph = new Graph();
  const w = graph.weight("w", [10, 10], "float16", { file: "/w.safetensors", offset: 100, length: 200 });
  graph.weight("w", [10, 10], "float16", { file: "/w.safetensors", offset: 100, length: 200 });
  graph.output("w", w);
  expect(weightBytes(graph)).toBe(200);
});

test("a batch goes in as few calls as allowed, all of one size", () => {
  for (let n = 1; n <= 40; n++)
    for (let most = 1; most <= 9; most++) {
      const { size, calls } = planBatch(n, most);
      expect(calls).toBe(Math.ceil(n / most));
      expect(size).toBeLessThanOrEqual(most);
      expect(size * calls).toBeGreaterThanOrEqual(n);
      expect(size * calls - n).toBeLessThanOrEqual(Math.max(calls - 1, most / 4)); // rows repeated in vain
    }
  expect(planBatch(21, 8)).toEqual({ calls: 3, size: 7 });
  expect(planBatch(1, 8)).toEqual({ calls: 1, size: 1 });
  expect(planBatch(7, 8)).toEqual({ calls: 1, size: 8 });
});
