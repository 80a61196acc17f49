import { expect, test } from "vitest";
import { flopsOf } from "#kernel-lib/graph/flops.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { conv } from "#kernel-lib/graph/ops/conv.js";
import { linear, matmul } from "#kernel-lib/graph/ops/matmul.js";

test("flopsOf counts a multiplication and an addition per term of products, linear layers and convolutions", () => {
  const count = (build: (graph: Graph) => void): number => {
    const graph = new Graph();
    build(graph);
    return flopsOf(graph);
  };
  expect(count((g) => g.output("y", matmul(g.input("a", [2, 3, 5]), g.input("b", [2, 5, 7]))))).toBe(2 * (2 * 3 * 7) * 5);
  expect(count((g) => g.output("y", linear(g.input("x", [3, 5]), g.input("w", [7, 5]), g.input("b", [7]))))).toBe(2 * (3 * 7) * 5);
  expect(count((g) => g.output("y", conv(g.input("x", [1, 4, 8, 8]), g.input("w", [6, 4, 3, 3]), undefined, { padding: 1 })))).toBe(
    2 * (6 * 8 * 8) * (4 * 3 * 3),
  );
});
