/** @file A control dependency: a value that waits for another. */
import type { Value } from "../graph.js";
import { add, cast, greater } from "./elementwise.js";
import { reshape, slices } from "./shape.js";

/** x, with a control dependency on `done`: adds `done[0] > done[0]`, which is 0 for every number, NaN and ±∞. */
export function after(x: Value, done: Value): Value {
  const axes = [...done.shape.keys()];
  const ones = axes.map(() => 1);
  const first = slices(
    done,
    axes,
    axes.map(() => 0),
    ones,
    ones,
  );
  return add(x, reshape(cast(greater(first, first), x.dtype), [1]));
}
