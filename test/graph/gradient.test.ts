import { describe, expect, test } from "vitest";
import { openSession } from "#kernel-lib/engine/session.js";
import { gradient } from "#kernel-lib/graph/gradient.js";
import { Graph, type Value } from "#kernel-lib/graph/graph.js";
import { onnxBytes } from "#kernel-lib/graph/onnx.js";
import { OPERATORS } from "#kernel-lib/graph/operators.js";
import { conv } from "#kernel-lib/graph/ops/conv.js";
import { add, cast, exp, greater, mul, sub } from "#kernel-lib/graph/ops/elementwise.js";
import { linear, matmul } from "#kernel-lib/graph/ops/matmul.js";
import { reduceSum } from "#kernel-lib/graph/ops/reduce.js";
import { gather, reshape, split, transpose } from "#kernel-lib/graph/ops/shape.js";
import { floatInputs, LAWS } from "./laws.js";

/** The numbers of values of one graph, fed with 1, 2, 3, … */
async function numbersOf(graph: Graph, values: Readonly<Record<string, Value>>): Promise<Record<string, number[]>> {
  for (const [name, value] of Object.entries(values)) graph.output(name, value);
  const session = await openSession(onnxBytes(graph), { device: "cpu", threads: 1 });
  const counting = (shape: readonly number[]) => Float32Array.from({ length: shape.reduce((n, d) => n * d, 1) }, (_, k) => k + 1);
  const results = await session.run(Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, { data: counting(shape), shape }])));
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, [...data]]));
}

describe("gradient", () => {
  test("sums over every axis that was repeated, into the shape of the input", async () => {
    const graph = new Graph();
    const [row, column, all] = [graph.input("row", [3]), graph.input("column", [2, 1]), graph.input("all", [4, 2, 3])];
    const [dRow, dColumn] = gradient(graph, add(add(all, row), column), [row, column]);
    expect([dRow.shape, dColumn.shape]).toEqual([[3], [2, 1]]);
    expect(await numbersOf(graph, { dRow, dColumn })).toEqual({ dRow: [8, 8, 8], dColumn: [12, 12] });
  });

  test("adds what a value that is used twice gets from each use", async () => {
    const graph = new Graph();
    const x = graph.input("x", [3]);
    const square = mul(x, x); // both inputs of one operator
    const y = add(mul(square, x), square); // x³ + x², square used twice too
    expect(await numbersOf(graph, { d: gradient(graph, y, x) })).toEqual({ d: [5, 16, 33] }); // 3x² + 2x
  });

  test("is that of the sum where the value is no scalar", async () => {
    const graph = new Graph();
    const x = graph.input("x", [2, 2]);
    const y = mul(x, x);
    const d = gradient(graph, y, x);
    const ofSum = gradient(graph, reduceSum(y, [0, 1]), x);
    const numbers = await numbersOf(graph, { d, ofSum });
    expect(numbers.d).toEqual(numbers.ofSum);
  });

  test("with respect to a value in the middle, and to the value itself", async () => {
    const graph = new Graph();
    const x = graph.input("x", [2]);
    const middle = mul(x, 3);
    const y = mul(middle, middle);
    const [dMiddle, dY, dX] = gradient(graph, y, [middle, y, x]);
    expect(await numbersOf(graph, { dMiddle, dY, dX })).toEqual({ dMiddle: [6, 12], dY: [1, 1], dX: [18, 36] });
  });

  test("of a value whose parts are only partly used is 0 for the rest", async () => {
    const graph = new Graph();
    const x = graph.input("x", [5]);
    const [, middle] = split(x, 0, [2, 1, 2]);
    expect(await numbersOf(graph, { d: gradient(graph, mul(middle, middle), x) })).toEqual({ d: [0, 0, 6, 0, 0] });
  });

  test("can be asked for again, of another value, on the same graph", async () => {
    const graph = new Graph();
    const x = graph.input("x", [3]);
    const y = mul(x, x);
    const first = gradient(graph, y, x);
    const again = gradient(graph, y, x);
    const later = gradient(graph, mul(y, x), x);
    expect(await numbersOf(graph, { first, again, later })).toEqual({ first: [2, 4, 6], again: [2, 4, 6], later: [3, 12, 27] });
  });

  test("of weights, biases and inputs of a small network agrees with the same asked for one by one", async () => {
    const graph = new Graph();
    const [x, w, b, m] = [graph.input("x", [1, 2, 4, 4]), graph.input("w", [3, 2, 3, 3]), graph.input("b", [3]), graph.input("m", [2, 3])];
    const h = exp(mul(conv(x, w, b, { padding: 1 }), 1e-3)); // [1,3,4,4]
    const y = linear(transpose(reshape(h, [3, 16]), [1, 0]), m); // [16,2]
    const wrt = [x, w, b, m];
    const together = gradient(graph, mul(y, y), wrt);
    const single = wrt.map((value) => gradient(graph, mul(y, y), value));
    const numbers = await numbersOf(
      graph,
      Object.fromEntries([...together.entries(), ...single.entries()].map(([k, d], n) => [`${n < 4 ? "together" : "single"}${k}`, d])),
    );
    for (const k of wrt.keys()) expect(numbers[`together${k}`]).toEqual(numbers[`single${k}`]);
  });
});

describe("what needs no gradient costs nothing", () => {
  /** How many nodes a gradient adds. */
  const cost = (graph: Graph, of: Value, wrt: readonly Value[]) => {
    const before = graph.nodes.length;
    gradient(graph, of, wrt);
    return graph.nodes.length - before;
  };

  test("a branch that does not depend on the input adds no node", () => {
    const build = (branch: "with" | "without") => {
      const graph = new Graph();
      const x = graph.input("x", [2, 3]);
      const y = mul(x, x);
      const z =
        branch === "with" ? add(y, exp(matmul(exp(graph.input("u", [2, 4])), graph.input("v", [4, 3])))) : add(y, graph.input("u", [2, 3]));
      return cost(graph, z, [x]);
    };
    expect(build("with")).toBe(build("without"));
  });

  test("an unused consequence of the input adds no node", () => {
    const build = (consequence: "with" | "without") => {
      const graph = new Graph();
      const x = graph.input("x", [2, 3]);
      if (consequence === "with") exp(mul(x, x));
      return cost(graph, mul(x, x), [x]);
    };
    expect(build("with")).toBe(build("without"));
  });

  test("what lies before a value in the middle adds no node", () => {
    const graph = new Graph();
    const middle = exp(mul(graph.input("x", [2]), 2));
    expect(cost(graph, mul(middle, 3), [middle])).toBe(2); // the ones, and one product
  });

  const costly = ["Mul", "Div", "Max", "MatMul", "Attention", "Conv", "LayerNorm", "GroupNorm"];
  const several = LAWS.filter(({ operator }) => costly.includes(operator));
  test.each(several)("$operator ($title): one input's gradient costs less than all", (law) => {
    const costOf = (which: (wrt: readonly Value[]) => readonly Value[]) => {
      const graph = new Graph();
      const inputs = law.inputs.map(({ shape, dtype }, k) => graph.input(`x${k}`, shape, dtype));
      const output = law.build(inputs, graph)[0];
      return cost(graph, output, which(floatInputs(law).map((k) => inputs[k])));
    };
    const all = costOf((wrt) => wrt);
    for (const k of floatInputs(law)) expect(costOf((wrt) => [wrt[k]])).toBeLessThan(all);
  });
});

describe("a gradient that cannot be is refused", () => {
  const graph = new Graph();
  const x = graph.input("x", [2, 3]);
  const y = mul(x, x);

  test("of a value that does not depend on the other, naming both", () => {
    const other = graph.input("other", [2, 3]);
    expect(() => gradient(graph, y, other)).toThrow(/"Mul0" does not depend on "other"/);
    expect(() => gradient(graph, y, [x, other])).toThrow(/does not depend on "other"/);
  });

  test("through a comparison, whose derivative is 0 or nothing", () => {
    expect(OPERATORS.Greater.pullBack).toBe("none");
    expect(OPERATORS.Equal.pullBack).toBe("none");
    expect(OPERATORS.ArgMin.pullBack).toBe("none");
    expect(() => gradient(graph, cast(greater(x, 0), "float32"), x)).toThrow(/does not depend on "x"/);
  });

  test("with respect to whole numbers", () => {
    const ids = graph.input("ids", [2], "int32");
    expect(() => gradient(graph, gather(x, ids), ids)).toThrow(/"ids" is int32, want a float value/);
  });

  test("of a gradient: second derivatives would miss what operators keep for their pull-backs", () => {
    const d = gradient(graph, exp(x), x);
    expect(() => gradient(graph, d, x)).toThrow(/does not depend on "x"/);
  });

  test("across graphs", () => {
    const stranger = new Graph().input("stranger", [2, 3]);
    expect(() => gradient(graph, y, stranger)).toThrow(/"stranger" belongs to another graph/);
    expect(() => sub(x, stranger)).toThrow(/Sub: "stranger" belongs to another graph/);
  });
});
