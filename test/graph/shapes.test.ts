import { describe, expect, test } from "vitest";
import { ShapeError } from "#kernel-lib/core/errors.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { applyAll, type Operator } from "#kernel-lib/graph/operator.js";
import { OPERATORS, type OperatorName } from "#kernel-lib/graph/operators.js";
import { LAWS } from "./laws.js";
import type { Attrs } from "./reference.js";

type Shapes = readonly (readonly number[])[];
interface Misfit<A> {
  readonly shapes: Shapes;
  readonly attrs: A;
}
const misfit = <A>(attrs: A, ...shapes: Shapes): Misfit<A> => ({ attrs, shapes });
const apart = [misfit(undefined, [2, 3], [4]), misfit(undefined, [2, 3], [3, 2])];
const axes = [misfit({ axes: [2] }, [2, 3]), misfit({ axes: [] }, [2, 3])];
const onePixel = { stride: 1, padding: 0 };
const sliced = (axis: number, start: number, end: number, step: number) => ({ axes: [axis], starts: [start], ends: [end], steps: [step] });

/** Calls that fit no rule; "any shape" where every one does. */
const MISFITS: { readonly [K in OperatorName]: readonly Misfit<Attrs<K>>[] | "any shape" } = {
  Add: apart,
  Sub: apart,
  Mul: apart,
  Div: apart,
  Max: apart,
  Neg: "any shape",
  Abs: "any shape",
  Exp: "any shape",
  Log: "any shape",
  Sqrt: "any shape",
  Sin: "any shape",
  Cos: "any shape",
  Erf: "any shape",
  Sigmoid: "any shape",
  Relu: "any shape",
  Clip: "any shape",
  Greater: apart,
  Equal: apart,
  Cast: "any shape",
  Silu: "any shape",
  Gelu: "any shape",
  QuickGelu: "any shape",
  Gemm: [misfit(undefined, [2, 3], [4, 2]), misfit(undefined, [2, 3], [4, 3], [3]), misfit(undefined, [1, 2, 3], [4, 3])],
  MatMul: [misfit(undefined, [2, 3], [2, 3]), misfit(undefined, [3], [3, 2]), misfit(undefined, [2, 3, 4], [3, 4, 5])],
  Attention: [
    misfit({ heads: 4 }, [1, 2, 6], [1, 2, 6], [1, 2, 6]),
    misfit({ heads: 2 }, [1, 2, 6], [1, 2, 4], [1, 2, 4]),
    misfit({ heads: 2 }, [1, 2, 6], [1, 3, 6], [1, 2, 6]),
    misfit({ heads: 2 }, [1, 2, 6], [2, 2, 6], [2, 2, 6]),
    misfit({ heads: 2 }, [2, 6], [2, 6], [2, 6]),
    misfit({ heads: 2 }, [1, 2, 6], [1, 3, 6], [1, 3, 6], [3, 2]),
  ],
  Conv: [
    misfit(onePixel, [1, 3, 4, 4], [2, 4, 3, 3]),
    misfit(onePixel, [3, 4, 4], [2, 3, 3, 3]),
    misfit(onePixel, [1, 3, 4, 4], [2, 3, 3, 3], [3]),
    misfit(onePixel, [1, 3, 4, 4], [2, 3, 3, 1]),
    misfit(onePixel, [1, 3, 4, 2], [2, 3, 3, 3]),
  ],
  UpsampleConv: [
    misfit(undefined, [1, 3, 4, 4], [2, 4, 3, 3]),
    misfit(undefined, [1, 3, 4, 4], [2, 3, 1, 1]),
    misfit(undefined, [1, 3, 4, 4], [2, 3, 3, 3], [3]),
    misfit(undefined, [3, 4, 4], [2, 3, 3, 3]),
  ],
  ConvTranspose: [
    misfit(onePixel, [1, 3, 4, 4], [4, 3, 3, 3]),
    misfit(onePixel, [3, 4, 4], [3, 2, 3, 3]),
    misfit(onePixel, [1, 3, 4, 4], [3, 2, 3, 3], [3]),
    misfit(onePixel, [1, 3, 4, 4], [3, 2, 3, 1]),
    misfit({ stride: 2, padding: 1 }, [1, 3, 1, 1], [3, 2, 2, 2]),
  ],
  LayerNorm: [misfit({ epsilon: 1 }, [2, 3], [2], [2]), misfit({ epsilon: 1 }, [2, 3], [3], [2])],
  GroupNorm: [
    misfit({ groups: 2, epsilon: 1 }, [1, 3, 2, 2], [3], [3]),
    misfit({ groups: 1, epsilon: 1 }, [1, 3, 2, 2], [2], [3]),
    misfit({ groups: 1, epsilon: 1 }, [1, 3, 2, 2], [3], [1]),
    misfit({ groups: 1, epsilon: 1 }, [1, 3, 4], [3], [3]),
  ],
  UnitLength: [misfit({ epsilon: 1, place: "inside" }, [3, 4])],
  AveragePool: [misfit(undefined, [1, 2, 3, 4]), misfit(undefined, [2, 4, 4])],
  MaxPool: [misfit({ size: 3, rounding: "floor" }, [1, 2, 2, 4]), misfit({ size: 2, rounding: "floor" }, [2, 4, 4])],
  AverageAround: [misfit(undefined, [2, 4, 4])],
  MaxAround: [misfit(undefined, [2, 4, 4])],
  LineConv: [
    misfit(undefined, [1, 3, 4, 4], [2, 3, 3, 3]),
    misfit(undefined, [1, 3, 4, 4], [2, 4, 1, 3]),
    misfit(undefined, [1, 3, 4, 4], [2, 3, 1, 2]),
    misfit(undefined, [1, 3, 4, 4], [2, 3, 1, 3], [3]),
    misfit(undefined, [3, 4, 4], [2, 3, 1, 3]),
  ],
  Resize: [misfit(undefined, [2, 4, 4])],
  ReduceSum: axes,
  ReduceMean: axes,
  Softmax: [misfit(undefined, [])],
  Reshape: [misfit({ shape: [4] }, [2, 3])],
  Transpose: [misfit({ perm: [0] }, [2, 3]), misfit({ perm: [0, 0] }, [2, 3]), misfit({ perm: [0, 2] }, [2, 3])],
  Concat: [misfit({ axis: 0 }, [2, 3], [2, 4]), misfit({ axis: 1 }, [2, 3], [2]), misfit({ axis: 2 }, [2, 3], [2, 3])],
  Split: [misfit({ axis: 1, sizes: [1, 1] }, [2, 3]), misfit({ axis: 2, sizes: [3] }, [2, 3])],
  Slice: [
    misfit(sliced(1, 3, 5, 1), [2, 3]),
    misfit(sliced(1, 2, 2, 1), [2, 3]),
    misfit(sliced(1, 0, 2, 0), [2, 3]),
    misfit(sliced(1, 1, -1, -1), [2, 3]),
    misfit(sliced(2, 0, 1, 1), [2, 3]),
  ],
  Pad: [
    misfit({ before: [1], after: [1, 1], mode: "constant" }, [2, 3]),
    misfit({ before: [0, 0], after: [0, -1], mode: "constant" }, [2, 3]),
    misfit({ before: [3, 0], after: [0, 0], mode: "wrap" }, [2, 3]),
  ],
  Expand: [misfit({ shape: [2, 4] }, [2, 3])],
  Gather: [misfit(undefined, [5], [2, 3])],
  ArgMin: [misfit({ axis: 2 }, [2, 3]), misfit({ axis: 1 }, [2, 0])],
  StopGradient: "any shape",
};

const calls = Object.entries(MISFITS).flatMap(([name, list]) =>
  list === "any shape" ? [] : list.map((call) => ({ name: name as OperatorName, ...call })),
);

describe("a shape that does not fit throws where the node is added, and names operator and shapes", () => {
  test.each(calls.map((call) => ({ ...call, title: call.shapes.map((shape) => `[${shape}]`).join(" ") })))(
    "$name: $title",
    ({ name, shapes, attrs }) => {
      const graph = new Graph();
      const inputs = shapes.map((shape, k) => graph.input(`x${k}`, shape));
      const call = () => applyAll(OPERATORS[name] as Operator<unknown>, inputs, attrs);
      expect(call).toThrow(ShapeError);
      expect(call).toThrow(new RegExp(`^${name}: got .*, want `));
      for (const shape of shapes) expect(call).toThrow(`[${shape}]`);
      expect(graph.tape).toHaveLength(0);
    },
  );
});

test.each(Object.entries(MISFITS).filter(([, list]) => list === "any shape"))("%s takes any shape", (name) => {
  for (const shape of [[], [0], [1], [2, 3, 4, 5, 6]]) {
    const { attrs } = { attrs: name === "Clip" ? { low: 0, high: 1 } : name === "Cast" ? { to: "float16" } : undefined };
    const [output] = applyAll(OPERATORS[name as OperatorName] as Operator<unknown>, [new Graph().input("x", shape)], attrs);
    expect(output.shape).toEqual(shape);
  }
});

test("the shape of a value is that of its result, before anything runs", () => {
  for (const law of LAWS) {
    const graph = new Graph();
    const outputs = law.build(
      law.inputs.map(({ shape, dtype }, k) => graph.input(`x${k}`, shape, dtype)),
      graph,
    );
    expect(
      outputs.map(({ shape }) => shape),
      `${law.operator} (${law.title})`,
    ).toEqual(law.reference(law.inputs).map(({ shape }) => shape));
  }
});
