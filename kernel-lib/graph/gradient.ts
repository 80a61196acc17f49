/** @file Reverse mode: walks the tape backwards and appends each operator's pull-back to the same graph. */
import type { Shape } from "../core/tensor.js";
import { sizeOf } from "../core/tensor.js";
import type { Graph, TapeEntry, Value } from "./graph.js";
import { operand } from "./operator.js";
import { add } from "./ops/elementwise.js";
import { reduceSum } from "./ops/reduce.js";
import { expand, reshape } from "./ops/shape.js";

/**
 * d(sum of `of`)/d(each of `wrt`), appended to `graph` as plain ONNX operators.
 * Only what lies between `wrt` and `of` is built; a value that needs no gradient costs nothing.
 * @param of any float value; a non-scalar counts as the sum of its elements
 * @param wrt float values of the graph: inputs, weights or anything computed
 * @returns one value a `wrt`, of its shape
 * @throws Error where `of` does not depend on one of `wrt`, or an operator on the way has no pull-back. A gradient has no gradient itself.
 */
export function gradient(graph: Graph, of: Value, wrt: Value): Value;
export function gradient(graph: Graph, of: Value, wrt: readonly Value[]): Value[];
export function gradient(graph: Graph, of: Value, wrt: Value | readonly Value[]): Value | Value[] {
  if (isValue(wrt)) return gradient(graph, of, [wrt])[0];
  for (const value of [of, ...wrt]) {
    if (value.graph !== graph) throw new Error(`gradient: "${value.name}" belongs to another graph`);
    if (!value.dtype.includes("float")) throw new TypeError(`gradient: "${value.name}" is ${value.dtype}, want a float value`);
  }
  // off the tape: what an operator saved for its pull-back is no function of its inputs there, so a second derivative would miss terms
  const { tape } = graph;
  return graph.offTape(() => pullBack(tape, { of, dy: expand(operand(1, of), of.shape) }, wrt));
}

/** Walks a tape backwards from `of`, whose gradient `dy` is known, to `wrt`. */
export function pullBack(
  tape: readonly TapeEntry[],
  { of, dy: seed }: { readonly of: Value; readonly dy: Value },
  wrt: readonly Value[],
): Value[] {
  const needed = dependents(tape, wrt);
  const grads = new Map<Value, Value>([[of, seed]]);
  for (const entry of tape.toReversed()) {
    const dys = entry.outputs.map((output) => grads.get(output));
    const dy = dys[0] ?? dys.find((d) => d !== undefined);
    const asked = entry.inputs.filter((input) => needed.has(input));
    if (dy === undefined || asked.length === 0) continue;
    if (entry.operator.pullBack === "none")
      throw new Error(`gradient: ${entry.operator.name} has no pull-back, and ${entry.outputs[0].name} needs one`);
    const thunks = entry.operator.pullBack({ ...entry, dy, dys, needed: asked });
    for (const [k, input] of entry.inputs.entries()) {
      const thunk = needed.has(input) ? thunks[k] : null;
      if (!thunk) continue;
      const d = sumTo(thunk(), input.shape);
      const before = grads.get(input);
      grads.set(input, before ? add(before, d) : d);
    }
  }
  return wrt.map((value) => {
    const d = grads.get(value);
    if (!d) throw new Error(`gradient: "${of.name}" does not depend on "${value.name}"`);
    return d;
  });
}

const isValue = (x: Value | readonly Value[]): x is Value => "graph" in x;

/** Every value that depends on one of `roots`, the roots included. */
function dependents(tape: readonly TapeEntry[], roots: readonly Value[]): Set<Value> {
  const found = new Set(roots);
  for (const { inputs, outputs } of tape) if (inputs.some((input) => found.has(input))) for (const output of outputs) found.add(output);
  return found;
}

/** Sums the axes along which an input was broadcast: the one place where that is done. */
function sumTo(d: Value, shape: Shape): Value {
  if (d.shape.length === shape.length && d.shape.every((side, k) => side === shape[k])) return d;
  const lead = d.shape.length - shape.length;
  const axes = d.shape.map((_, k) => k).filter((k) => k < lead || (shape[k - lead] === 1 && d.shape[k] !== 1));
  const summed = axes.length ? reduceSum(d, axes) : d;
  if (sizeOf(summed.shape) !== sizeOf(shape)) throw new Error(`gradient: a pull-back gave [${d.shape}] for an input of shape [${shape}]`);
  return reshape(summed, shape);
}
