/** @file Operators that move numbers without changing them. */
import { ShapeError } from "../../core/errors.js";
import type { Shape } from "../../core/tensor.js";
import { sizeOf } from "../../core/tensor.js";
import type { Graph, Value } from "../graph.js";
import type { Operator } from "../operator.js";
import { apply, applyAll, broadcastShape, fromFront, ONNX_TYPE, operand, plain } from "../operator.js";
import { add, cast } from "./elementwise.js";

const int64 = (graph: Graph, numbers: readonly number[]) => graph.constant(numbers, [numbers.length], "int64");

/** y = x with another shape; dx = dy with x's. */
export const Reshape = plain<{ shape: Shape }>({
  name: "Reshape",
  shape: ([x], { shape }) => {
    if (sizeOf(x) !== sizeOf(shape)) throw new ShapeError("Reshape", { got: `[${x}] to [${shape}]`, want: `${sizeOf(x)} elements` });
    return [shape];
  },
  node: ([x], { shape }, graph) => ({ inputs: [x, int64(graph, shape)] }),
  pullBack: ({ inputs: [x], dy }) => [() => reshape(dy, x.shape)],
});

/** y[i_perm] = x[i]; dx = dy transposed back. */
export const Transpose = plain<{ perm: readonly number[] }>({
  name: "Transpose",
  shape: ([x], { perm }) => {
    if (perm.length !== x.length || new Set(perm).size !== x.length || perm.some((axis) => x[axis] === undefined))
      throw new ShapeError("Transpose", { got: `perm [${perm}] for [${x}]`, want: "each axis once" });
    return [perm.map((axis) => x[axis])];
  },
  node: (_, { perm }) => ({ attributes: { perm } }),
  pullBack: ({ attrs: { perm }, dy }) => [
    () =>
      transpose(
        dy,
        perm.map((_, k) => perm.indexOf(k)),
      ),
  ],
});

/** y = x₁ ‖ x₂ ‖ … along an axis; each dx is its part of dy. */
export const Concat = plain<{ axis: number }>({
  name: "Concat",
  shape: (shapes, { axis }) => {
    const [first] = shapes;
    if (
      shapes.some(
        (shape) => first[axis] === undefined || shape.length !== first.length || shape.some((d, k) => k !== axis && d !== first[k]),
      )
    )
      throw new ShapeError("Concat", { got: shapes.map((shape) => `[${shape}]`).join(", "), want: `shapes equal but for axis ${axis}` });
    return [first.map((d, k) => (k === axis ? shapes.reduce((n, shape) => n + shape[axis], 0) : d))];
  },
  node: (_, { axis }) => ({ attributes: { axis } }),
  pullBack: ({ inputs, attrs: { axis }, dy }) => {
    let parts: readonly Value[] | undefined;
    const sizes = inputs.map((x) => x.shape[axis]);
    const part = (k: number) => {
      parts ??= split(dy, axis, sizes);
      return parts[k];
    };
    return inputs.map((_, k) => () => part(k));
  },
});

/** x = y₁ ‖ y₂ ‖ …; dx = dy₁ ‖ dy₂ ‖ …, zeros for parts that nothing uses. */
export const Split = plain<{ axis: number; sizes: readonly number[] }>({
  name: "Split",
  shape: ([x], { axis, sizes }) => {
    if (sizes.reduce((n, d) => n + d, 0) !== x[axis])
      throw new ShapeError("Split", { got: `[${x}] into ${sizes} on axis ${axis}`, want: "sizes that add up" });
    return sizes.map((size) => x.map((d, k) => (k === axis ? size : d)));
  },
  node: ([x], { axis, sizes }, graph) => ({ inputs: [x, int64(graph, sizes)], attributes: { axis } }),
  pullBack: ({ outputs, attrs: { axis }, dys }) => [
    () =>
      concat(
        dys.map((d, k) => d ?? zerosLike(outputs[k])),
        axis,
      ),
  ],
});

/**
 * y = x[start : end : step] on each named axis; dx = dy among zeros. A negative step starts at the last element (ONNX Runtime's WebGPU
 * kernel starts there whatever it is told); its end −1 is "to the very first".
 */
export const Slice = plain<{ axes: readonly number[]; starts: readonly number[]; ends: readonly number[]; steps: readonly number[] }>({
  name: "Slice",
  shape: ([x], { axes, starts, ends, steps }) => {
    if (axes.some((axis) => x[axis] === undefined)) throw new ShapeError("Slice", { got: `axes ${axes} of [${x}]`, want: "axes of it" });
    const sides = x.map((d, axis) => {
      const k = axes.indexOf(axis);
      if (k < 0) return d;
      const [start, end, step] = [starts[k], ends[k], steps[k]];
      const length = step > 0 ? Math.ceil((Math.min(end, d) - start) / step) : Math.ceil((start - Math.max(end, -1)) / -step);
      if (start < 0 || start >= d || !(length > 0) || step === 0 || (step < 0 && start !== d - 1))
        throw new ShapeError("Slice", {
          got: `${start}:${end}:${step} on axis ${axis} of [${x}]`,
          want: "a part of it; a negative step from the last element",
        });
      return length;
    });
    return [sides];
  },
  node: ([x], { axes, starts, ends, steps }, graph) => {
    const onnxEnds = ends.map((end) => (end < 0 ? -(2 ** 31) : end)); // −1 as an end would count from the back
    return { inputs: [x, int64(graph, starts), int64(graph, onnxEnds), int64(graph, axes), int64(graph, steps)] };
  },
  pullBack: ({ inputs: [x], attrs: { axes, starts, steps }, outputs: [y], dy }) => [
    () => {
      if (steps.every((step) => step === 1)) {
        const before = x.shape.map((_, axis) => (axes.includes(axis) ? starts[axes.indexOf(axis)] : 0));
        return pad(
          dy,
          before,
          x.shape.map((d, axis) => d - before[axis] - dy.shape[axis]),
        );
      }
      return axes.reduceRight((d, axis, k) => {
        if (steps[k] > 0) return spread(d, axis, starts[k], steps[k], x.shape[axis]);
        const last = starts[k] + (y.shape[axis] - 1) * steps[k]; // a negative step: the same elements, turned, from the last one up
        return spread(slice(d, axis, d.shape[axis] - 1, -1, -1), axis, last, -steps[k], x.shape[axis]);
      }, dy);
    },
  ],
});

/** Puts the elements of `d` at start, start + step, … of an axis of zeros: Slice's pull-back on one axis. */
function spread(d: Value, axis: number, start: number, step: number, size: number): Value {
  const wide = [...d.shape.slice(0, axis + 1), 1, ...d.shape.slice(axis + 1)];
  const none = wide.map(() => 0);
  const gaps = pad(
    reshape(d, wide),
    none,
    none.map((_, k) => (k === axis + 1 ? step - 1 : 0)),
  );
  const flat = reshape(
    gaps,
    d.shape.map((n, k) => (k === axis ? n * step : n)),
  );
  const cut = Math.min(flat.shape[axis], size - start);
  const kept = cut < flat.shape[axis] ? slice(flat, axis, 0, cut) : flat;
  return pad(
    kept,
    d.shape.map((_, k) => (k === axis ? start : 0)),
    d.shape.map((_, k) => (k === axis ? size - start - cut : 0)),
  );
}

/** y = x with `before` and `after` elements on each axis: zeros, or the opposite edge ("wrap"); dx cuts them off, a wrapped one adds them where they came from. */
export const Pad = plain<{ before: readonly number[]; after: readonly number[]; mode: "constant" | "wrap" }>({
  name: "Pad",
  shape: ([x], { before, after, mode }) => {
    if (before.length !== x.length || after.length !== x.length || [...before, ...after].some((n) => n < 0))
      throw new ShapeError("Pad", { got: `${before} and ${after} for [${x}]`, want: "one amount >= 0 an axis" });
    if (mode === "wrap" && x.some((d, k) => before[k] > d || after[k] > d))
      throw new ShapeError("Pad", { got: `wrap ${before}, ${after} of [${x}]`, want: "at most one turn" });
    return [x.map((d, k) => d + before[k] + after[k])];
  },
  node: ([x], { before, after, mode }, graph) => ({ inputs: [x, int64(graph, [...before, ...after])], attributes: { mode } }),
  pullBack: ({ inputs: [x], attrs: { before, after, mode }, dy }) => [
    () =>
      x.shape.reduce((d, side, axis) => {
        if (!before[axis] && !after[axis]) return d;
        const middle = slice(d, axis, before[axis], before[axis] + side);
        if (mode === "constant") return middle;
        const zero = x.shape.map(() => 0);
        const at = (n: number) => zero.map((_, k) => (k === axis ? n : 0));
        const grads = [middle];
        if (before[axis]) grads.push(pad(slice(d, axis, 0, before[axis]), at(side - before[axis]), zero));
        if (after[axis]) grads.push(pad(slice(d, axis, before[axis] + side, d.shape[axis]), zero, at(side - after[axis])));
        return grads.reduce((a, b) => add(a, b));
      }, dy),
  ],
});

/** y = x repeated along broadcast axes; dx = the sum over them (the walker's). */
export const Expand = plain<{ shape: Shape }>({
  name: "Expand",
  shape: ([x], { shape }) => [broadcastShape("Expand", [x, shape])],
  node: ([x], { shape }, graph) => ({ inputs: [x, int64(graph, shape)] }),
  pullBack: ({ dy }) => [() => dy],
});

/** y[i…] = table[ids[i…]], rows of a [V,D] table; dtable adds each row of dy to its id's row. */
export const Gather = plain({
  name: "Gather",
  shape: ([table, ids]) => {
    if (table.length !== 2)
      throw new ShapeError("Gather", { got: `table [${table}], ids [${ids}]`, want: "table [V,D], ids of any shape" });
    return [[...ids, table[1]]];
  },
  node: () => ({ attributes: { axis: 0 } }),
  pullBack: ({ inputs: [table, ids], dy }) => [
    () => {
      const graph = dy.graph;
      const n = sizeOf(ids.shape);
      const index = graph.node("Cast", [reshape(ids, [n, 1])], { to: ONNX_TYPE.int64 }, [{ shape: [n, 1], dtype: "int64" }])[0];
      // in float32: a row is a sum of many, and the CPU has no other
      const updates = cast(reshape(dy, [n, table.shape[1]]), "float32");
      const zeros = expand(graph.constant(0), table.shape);
      return cast(
        graph.node("ScatterND", [zeros, index, updates], { reduction: "add" }, [{ shape: table.shape, dtype: "float32" }])[0],
        table.dtype,
      );
    },
    null,
  ],
});

const zerosLike = (x: Value): Value => expand(operand(0, x), x.shape);

/** x in another shape of as many elements. */
export const reshape = (x: Value, shape: Shape): Value => apply(Reshape, [x], { shape });
/** x with its axes in another order. */
export const transpose = (x: Value, perm: readonly number[]): Value => apply(Transpose, [x], { perm });
/** Values one after the other along an axis. */
export const concat = (parts: readonly Value[], axis: number): Value =>
  apply(Concat, parts, { axis: fromFront(axis, parts[0].shape.length) });
/** x cut along an axis into parts of the given sizes. */
export const split = (x: Value, axis: number, sizes: readonly number[]): readonly Value[] =>
  applyAll(Split as Operator<{ axis: number; sizes: readonly number[] }>, [x], { axis: fromFront(axis, x.shape.length), sizes });
/** x[start : end : step] on one axis. */
export const slice = (x: Value, axis: number, start: number, end: number, step = 1): Value =>
  apply(Slice, [x], { axes: [fromFront(axis, x.shape.length)], starts: [start], ends: [end], steps: [step] });
/** x[starts : ends : steps] on several axes at once. */
export const slices = (
  x: Value,
  axes: readonly number[],
  starts: readonly number[],
  ends: readonly number[],
  steps: readonly number[],
): Value => apply(Slice, [x], { axes, starts, ends, steps });
/** x with values added at the ends of its axes. */
export const pad = (x: Value, before: readonly number[], after: readonly number[], mode: "constant" | "wrap" = "constant"): Value =>
  before.every((n) => n === 0) && after.every((n) => n === 0) ? x : apply(Pad, [x], { before, after, mode });
/** x repeated to a larger shape, by NumPy's broadcasting rule. */
export const expand = (x: Value, shape: Shape): Value => apply(Expand, [x], { shape });
/** Rows of a table by their indices: table [V,D], indices int32 […] -> […,D]. */
export const gather = (table: Value, ids: Value): Value => apply(Gather, [table, ids], undefined);
