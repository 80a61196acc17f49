/** @file Where a gradient ends: the index of the smallest number, and a value that counts as a constant. */
import { ShapeError } from "../../core/errors.js";
import type { Value } from "../graph.js";
import type { Operator } from "../operator.js";
import { apply, fromFront, plain } from "../operator.js";

/** y = the index of the smallest x along an axis, which is dropped; the first one of equal ones. int64; not differentiable. */
export const ArgMin = plain<{ axis: number }>({
  name: "ArgMin",
  shape: ([x], { axis }) => {
    if (!x[axis]) throw new ShapeError("ArgMin", { got: `axis ${axis} of [${x}]`, want: "an axis of it that is not empty" });
    return [x.filter((_, k) => k !== axis)];
  },
  dtype: () => "int64",
  node: (_, { axis }) => ({ attributes: { axis, keepdims: 0 } }),
  pullBack: "none",
});

/** y = x; no gradient reaches x. An Identity node, which ONNX Runtime drops when it loads the graph. */
export const StopGradient: Operator<undefined> = {
  name: "StopGradient",
  build: ([x], _, graph) => ({ outputs: graph.node("Identity", [x], {}, [{ shape: x.shape, dtype: x.dtype }]) }),
  pullBack: () => [null],
};

/** The index of the smallest number along an axis, which is dropped: x [a,…] -> int64. Of equal ones the first. */
export const argMin = (x: Value, axis: number): Value => apply(ArgMin, [x], { axis: fromFront(axis, x.shape.length) });
/** x, as a constant: `gradient` does not go past it. h + stopGradient(q − h) is q forwards and passes q's gradient to h. */
export const stopGradient = (x: Value): Value => apply(StopGradient, [x], undefined);
