import { expect, test } from "vitest";
import { heldBytes } from "#kernel-lib/engine/memory.js";
import { planner } from "#kernel-lib/engine/plan.js";
import { gradient } from "#kernel-lib/graph/gradient.js";
import { Graph, type Keeps } from "#kernel-lib/graph/graph.js";
import { add, cast, mul, sin } from "#kernel-lib/graph/ops/elementwise.js";
import { matmul } from "#kernel-lib/graph/ops/matmul.js";
import { transpose } from "#kernel-lib/graph/ops/shape.js";
import { segment } from "#kernel-lib/graph/segment.js";

const GIB = 2 ** 30;

/** Four segments of three sines over `width` numbers a row, with their gradient. */
const waves = (width: number) => (size: number, keeps: Keeps) => {
  const graph = new Graph({ keeps });
  const x = graph.input("x", [size, width]);
  let y = x;
  for (let k = 0; k < 4; k++) y = segment([y], ([h]) => sin(sin(sin(h))));
  graph.output("dx", gradient(graph, mul(y, y), x));
  return graph;
};

test("shapes alone decide what a graph keeps: from 1 GiB a row on, the ends of its segments", () => {
  for (const free of [GIB, 100 * GIB]) {
    const plans = planner(() => free);
    expect(plans("small", waves(1000)).graph(2).keeps).toBe("all");
    expect(plans("large", waves(2 ** 25)).graph(2).keeps).toBe("ends");
  }
});

test("rows of a call: what fits into the memory that is free, from 1 to 8", () => {
  const { call, weights } = planner(() => GIB)("waves", waves(2 ** 20));
  const rows = (free: number) => planner(() => weights + free)("waves", waves(2 ** 20)).mostRows();
  expect(rows(-weights)).toBe(1);
  expect(rows(3 * call)).toBe(3);
  expect(rows(3 * call - 1)).toBe(2);
  expect(rows(100 * call)).toBe(8);
});

test("a plan is made once", () => {
  let built = 0;
  const plans = planner(() => GIB);
  const build = (size: number, keeps: Keeps) => {
    built++;
    return waves(1000)(size, keeps);
  };
  expect(plans("waves", build)).toBe(plans("waves", build));
  expect(built).toBe(1);
});

test("weights that a session holds: those in files, and what loading makes of them", () => {
  const graph = new Graph();
  const [x, y] = [graph.input("x", [3, 4]), graph.input("y", [3, 5])];
  const half = graph.weight("half", [4, 5], "float16", { file: "/w.safetensors", offset: 0, length: 40 });
  const wide = cast(half, "float32"); // 80 bytes, computed when it is loaded
  graph.output("sum", add(matmul(x, wide), y));
  expect(heldBytes(graph)).toBe(40 + 80);
  graph.output("back", matmul(y, transpose(wide, [1, 0])));
  expect(heldBytes(graph)).toBe(40 + 80 + 80);
});
