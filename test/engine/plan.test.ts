import { expect, test } from "vitest";
import { peakBytes, sessionBytes } from "#kernel-lib/engine/memory.js";
import { planner } from "#kernel-lib/engine/plan.js";
import type { Program } from "#kernel-lib/engine/program.js";
import { gradient } from "#kernel-lib/graph/gradient.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { add, cast, mul, sin } from "#kernel-lib/graph/ops/elementwise.js";
import { matmul } from "#kernel-lib/graph/ops/matmul.js";
import { transpose } from "#kernel-lib/graph/ops/shape.js";
import { segment } from "#kernel-lib/graph/segment.js";

const GIB = 2 ** 30;

/** Four segments of three sines over `width` numbers per row, with their gradient. */
const waves: Program<{ readonly width: number }, "x", never, "dx"> = {
  name: "waves",
  graph({ width }, batch, memory) {
    const graph = new Graph(memory);
    const x = graph.input("x", [batch, width]);
    let y = x;
    for (let k = 0; k < 4; k++) y = segment([y], ([h]) => sin(sin(sin(h))));
    graph.output("dx", gradient(graph, mul(y, y), x));
    return graph;
  },
};

test("shapes alone decide on gradient checkpointing: it is used from 1 GiB per row on", () => {
  for (const free of [GIB, 100 * GIB]) {
    const plan = planner(() => free);
    expect(plan(waves, { width: 1000 }).graph(2).checkpointing).toBe(false);
    expect(plan(waves, { width: 2 ** 25 }).graph(2).checkpointing).toBe(true);
  }
});

test("on a GPU its memory decides: activations are stored where those of four rows take at most half of it, and scores in larger tiles elsewhere", () => {
  const width = 2 ** 25;
  const stored = peakBytes(waves.graph({ width }, 1));
  const on = (gpuBytes: number) => planner(() => GIB, { gpuBytes })(waves, { width }).graph(2);
  expect(on(8 * stored).checkpointing).toBe(false);
  expect(on(8 * stored - 1)).toMatchObject({ checkpointing: true, scoreBytes: 2 ** 30 });
  expect(planner(() => GIB)(waves, { width }).graph(2).scoreBytes).toBe(2 ** 27);
});

test("a call is taken to need twice what is alive, for ONNX Runtime holds buffers for reuse", () => {
  const plan = planner(() => GIB)(waves, { width: 1000 });
  expect(plan.rowBytes).toBe(2 * peakBytes(plan.graph(1)));
});

test("rows of a call: what fits into the memory that is free, from 1 to 8", () => {
  const { rowBytes, weightBytes } = planner(() => GIB)(waves, { width: 2 ** 20 });
  const rows = (free: number) => planner(() => weightBytes + free)(waves, { width: 2 ** 20 }).mostRows();
  expect(rows(-weightBytes)).toBe(1);
  expect(rows(3 * rowBytes)).toBe(3);
  expect(rows(3 * rowBytes - 1)).toBe(2);
  expect(rows(100 * rowBytes)).toBe(8);
});

test("a plan is made once per program and size, whatever the order of the size's keys", () => {
  let built = 0;
  const flat: Program<{ readonly height: number; readonly width: number }, "x", never, "y"> = {
    name: "flat",
    graph({ height, width }, batch) {
      built++;
      const graph = new Graph();
      graph.output("y", sin(graph.input("x", [batch, height, width])));
      return graph;
    },
  };
  const plan = planner(() => GIB);
  expect(plan(flat, { height: 2, width: 3 })).toBe(plan(flat, { width: 3, height: 2 }));
  expect(built).toBe(1);
  expect(plan(flat, { height: 3, width: 2 })).not.toBe(plan(flat, { height: 2, width: 3 }));
});

test("two programs of one name are refused: their plans and sessions would be taken for each other", () => {
  const plan = planner(() => GIB);
  plan(waves, { width: 10 });
  expect(() => plan({ ...waves }, { width: 10 })).toThrow('got two programs of the name "waves"');
});

test("weights that a session holds: those in files, and what loading makes of them", () => {
  const graph = new Graph();
  const [x, y] = [graph.input("x", [3, 4]), graph.input("y", [3, 5])];
  const half = graph.weight("half", [4, 5], "float16", { file: "/w.safetensors", offset: 0, length: 40 });
  const wide = cast(half, "float32"); // 80 bytes, computed when it is loaded
  graph.output("sum", add(matmul(x, wide), y));
  expect(sessionBytes(graph)).toBe(40 + 80);
  graph.output("back", matmul(y, transpose(wide, [1, 0])));
  expect(sessionBytes(graph)).toBe(40 + 80 + 80);
});
