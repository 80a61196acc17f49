import { expect, test } from "vitest";
import { Graph } from "#kernel-lib/graph/graph.js";

test("equal constants are one value; 0 and −0 are two, for a division tells them apart", () => {
  const graph = new Graph();
  expect(graph.constant([0, 1], [2])).toBe(graph.constant([0, 1], [2]));
  expect(graph.constant(0)).toBe(graph.constant(0));
  expect(graph.constant(-0)).toBe(graph.constant(-0));
  expect(graph.constant(-0)).not.toBe(graph.constant(0));
  expect(graph.constant([1, -0], [2])).not.toBe(graph.constant([1, 0], [2]));
});
