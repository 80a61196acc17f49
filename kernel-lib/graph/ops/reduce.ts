/** @file Sums, means and softmax. */
import { ShapeError } from "../../core/errors.js";
import type { Shape } from "../../core/tensor.js";
import { sizeOf } from "../../core/tensor.js";
import type { Graph, Value } from "../graph.js";
import { apply, fromFront, plain } from "../operator.js";
import { mul, sub } from "./elementwise.js";
import { expand } from "./shape.js";

type Axes = { readonly axes: readonly number[] };

const reduced =
  (name: string) =>
  ([x]: readonly Shape[], { axes }: Axes) => {
    // ONNX would read no axes as all of them
    if (axes.length === 0 || axes.some((axis) => x[axis] === undefined))
      throw new ShapeError(name, { got: `axes [${axes}] of [${x}]`, want: "axes of it" });
    return [x.map((d, k) => (axes.includes(k) ? 1 : d))];
  };
const node = ([x]: readonly Value[], { axes }: Axes, graph: Graph) => ({
  inputs: [x, graph.constant(axes, [axes.length], "int64")],
  attributes: { keepdims: 1 },
});

/** y = Σ x over axes, kept as 1; dx = dy repeated. */
export const ReduceSum = plain<Axes>({
  name: "ReduceSum",
  shape: reduced("ReduceSum"),
  node,
  pullBack: ({ inputs: [x], dy }) => [() => expand(dy, x.shape)],
});

/** y = mean of x over axes, kept as 1; dx = dy/count repeated. */
export const ReduceMean = plain<Axes>({
  name: "ReduceMean",
  shape: reduced("ReduceMean"),
  node,
  pullBack: ({ inputs: [x], outputs: [y], dy }) => [() => expand(mul(dy, sizeOf(y.shape) / sizeOf(x.shape)), x.shape)],
});

/** p = eˣ / Σ eˣ along the last axis; dx = p·(dp − Σ dp·p). */
export const Softmax = plain({
  name: "Softmax",
  shape: ([x]) => {
    if (x.length === 0) throw new ShapeError("Softmax", { got: "[]", want: "[…,k]" });
    return [x];
  },
  node: () => ({ attributes: { axis: -1 } }),
  pullBack: ({ outputs: [p], dy }) => [() => mul(p, sub(dy, reduceSum(mul(dy, p), [-1])))],
});

const on = (x: Value, axes: readonly number[]): Axes => ({ axes: axes.map((axis) => fromFront(axis, x.shape.length)) });
/** Sums over axes, which stay as 1. */
export const reduceSum = (x: Value, axes: readonly number[]): Value => apply(ReduceSum, [x], on(x, axes));
/** Means over axes, which stay as 1. */
export const reduceMean = (x: Value, axes: readonly number[]): Value => apply(ReduceMean, [x], on(x, axes));
/** Softmax over the last axis. */
export const softmax = (x: Value): Value => apply(Softmax, [x], undefined);
