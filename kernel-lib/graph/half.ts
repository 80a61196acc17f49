/** @file A part of a network in half precision, between values in float32. */
import { sizeOf } from "../core/tensor.js";
import type { Operator, Value } from "./graph.js";
import { apply } from "./operator.js";
import { abs, cast, div, max, mul } from "./ops/elementwise.js";
import { reshape } from "./ops/shape.js";

/** Of a network's weights and activations. */
export type Precision = "float32" | "float16";
export const PRECISIONS: readonly Precision[] = ["float32", "float16"];

/**
 * What the largest number of a row's gradient becomes where the gradient enters half precision, which goes from 6e-8 to 65504. Inside U-Nets
 * of 256 tokens numbers then went from 3e-3 (rms of the attention scores' gradients; inversely as many tokens, less) to 500.
 */
const LARGEST = 16;

/**
 * Runs a part of a network in one precision. A gradient that enters half precision from behind is as small as the loss makes it, so each row is
 * brought to one size there, and back where it leaves, in float32: whatever factor the loss has, the gradient has it too.
 * @param inputs float32, [N,…]: the rows of a batch, which do not mix inside. Gradients with respect to them alone are right: those with
 * respect to anything that `build` takes from elsewhere keep the rows' scales.
 * @returns what `build` makes of the inputs in that precision, [N,…], in float32
 */
export function inPrecision(precision: Precision, inputs: readonly Value[], build: (inputs: readonly Value[]) => Value): Value {
  if (precision === "float32") return build(inputs);
  let scale: Value | undefined; // [N], made where a gradient enters
  const perRow = ({ shape }: Value): Value => reshape(scale as Value, [shape[0], ...shape.slice(1).map(() => 1)]);
  const narrow: Operator<undefined> = {
    name: "Narrow",
    build: ([x]) => ({ outputs: [cast(x, precision)] }),
    pullBack: ({ dy }) => [() => div(cast(dy, "float32"), perRow(dy))],
  };
  const widen: Operator<undefined> = {
    name: "Widen",
    build: ([y]) => ({ outputs: [cast(y, "float32")] }),
    pullBack: ({ dy }) => [
      () => {
        scale = div(LARGEST, max(largestOfRows(dy), 1e-30)); // a row of zeros stays one
        return cast(mul(dy, perRow(dy)), precision);
      },
    ],
  };
  return apply(widen, [build(inputs.map((x) => apply(narrow, [x], undefined)))], undefined);
}

/** The largest absolute value of each row: [N,…] -> [N]. */
function largestOfRows(x: Value): Value {
  const [N] = x.shape;
  const rows = reshape(abs(x), [N, sizeOf(x.shape) / N]);
  return x.graph.node("ReduceMax", [rows, x.graph.constant([1], [1], "int64")], { keepdims: 0 }, [{ shape: [N], dtype: x.dtype }])[0];
}
