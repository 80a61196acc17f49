/** @file A weight with what is added to it, as nodes of the graph: ONNX Runtime computes them when it loads it, and the files are not changed. */
import { type Shape, sizeOf } from "../core/tensor.js";
import type { Value } from "../graph/graph.js";
import { add, cast, mul } from "../graph/ops/elementwise.js";
import { matmul } from "../graph/ops/matmul.js";
import { concat, reshape, transpose } from "../graph/ops/shape.js";
import type { TensorRef } from "../weights/safetensors.js";
import type { LowRankUpdate, WeightUpdate } from "../weights/weight-updates.js";

/**
 * W + Σ scale · up·down, with rows appended; computed in float32 whatever the files' numbers are.
 * @param base W, of `shape` less the appended rows
 * @param read a tensor of a file, as a value of the shape [rows,columns] or [r,r,k,k]
 * @returns of `shape`, float32
 */
export function updatedWeight(base: Value, updates: readonly WeightUpdate[], read: (ref: TensorRef) => Value): Value {
  const wide = (ref: TensorRef): Value => cast(read(ref), "float32");
  return updates.reduce(
    (weight, update) =>
      update.kind === "rows" ? concat([weight, wide(update.rows)], 0) : add(weight, lowRank(update, weight.shape, wide)),
    cast(base, "float32"),
  );
}

/** The rows that a weight has beside its own. */
export const appendedRows = (updates: readonly WeightUpdate[]): number =>
  updates.reduce((sum, update) => sum + (update.kind === "rows" ? update.rows.shape[0] : 0), 0);

/** scale · up·down in the weight's shape. */
function lowRank({ up, down, core, scale }: LowRankUpdate, shape: Shape, wide: (ref: TensorRef) => Value): Value {
  const [B, A] = [wide(up), wide(down)]; // [out,r], [r,in·k·k]
  if (!core) return mul(reshape(matmul(B, A), shape), scale);
  const [out, inner] = shape;
  const kernel = sizeOf(shape.slice(2)); // k·k
  const r = up.shape[1];
  const G = transpose(reshape(wide(core), [r, r, kernel]), [2, 0, 1]); // [k·k,r,r]
  const product = matmul(matmul(B, G), A); // [k·k,out,in]
  return mul(reshape(transpose(product, [1, 2, 0]), [out, inner, ...shape.slice(2)]), scale);
}
