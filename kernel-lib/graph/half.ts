/** @file A part of a network in half precision, between values in float32. */
import { sizeOf } from "../core/tensor.js";
import type { Operator, Value } from "./graph.js";
import { apply } from "./operator.js";
import { abs, cast, div, max, mul } from "./ops/elementwise.js";
import { reshape } from "./ops/shape.js";

/** Of a network's weights and activations. */
export type Precision = "float32" | "float16";
/** Every precision that a user may ask for. */
export const PRECISIONS: readonly Precision[] = ["float32", "float16"];

/**
 * Gradient scaling: each row is scaled so that its largest element is 16 when it enters float16 (range 6e-8 … 65504). Measured inside U-Nets of
 * 256 tokens: from 3e-3 (RMS of the attention-score gradients; halves when tokens double) up to 500.
 */
const LARGEST = 16;

/**
 * Runs a part of a network in one precision, with gradient (loss) scaling per row. dy arrives in float32 at any magnitude; it is normalised per
 * row before the cast to float16, and the inverse factor is applied in float32 to the gradients that leave.
 * @param inputs float32, [N,…]: the rows of a batch, which do not mix inside. Gradients of anything that `build` captures other than `inputs`
 * are left scaled.
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
