/** @file Where a network's numbers come from: a checkpoint's files, or, while a network is trained, the graph's inputs. */

import { CheckpointError } from "../core/errors.js";
import type { Shape } from "../core/tensor.js";
import type { DType, Graph, Value } from "../graph/graph.js";
import type { Precision } from "../graph/half.js";
import { cast } from "../graph/ops/elementwise.js";
import type { TensorRef } from "../weights/safetensors.js";
import type { WeightUpdates } from "../weights/weight-updates.js";
import type { Weights } from "../weights/weights.js";
import { appendedRows, updatedWeight } from "./updated-weight.js";

/** A network of a checkpoint: its config and where its weights lie. */
export interface Part<Config> extends Weights {
  readonly config: Config;
  /** what is added to its weights, such as LoRAs; default nothing */
  readonly updates?: WeightUpdates;
}

/** A network asks for each of its parameters by its key and says the shape it must have. */
export interface Parameters {
  (key: string, shape: Shape): Value;
  /** for the few keys that were renamed between versions of diffusers */
  has(key: string): boolean;
}

const DTYPES: Readonly<Record<string, DType>> = { F32: "float32", F16: "float16", BF16: "bfloat16" };

/**
 * Parameters that stay in their .safetensors; what is stored in another precision than the network's is converted by a Cast in the graph,
 * which ONNX Runtime computes when it loads it; so is what `updates` add to them.
 * @param part a checkpoint's part: its keys, and the file for errors
 * @throws CheckpointError, when the network asks, for a key that is missing or of another shape
 */
export function checkpointParameters(
  graph: Graph,
  part: { readonly file: string; readonly weights: ReadonlyMap<string, TensorRef>; readonly updates?: WeightUpdates },
  precision: Precision = "float32",
): Parameters {
  const own = (key: string, shape: Shape): Value => {
    const ref = part.weights.get(key);
    if (!ref) throw new CheckpointError(part.file, { expected: `${key} [${shape}]`, found: "no such key" });
    const dtype = DTYPES[ref.dtype];
    if (!dtype || ref.shape.length !== shape.length || ref.shape.some((d, k) => d !== shape[k]))
      throw new CheckpointError(part.file, { expected: `${key} [${shape}], F32, F16 or BF16`, found: `[${ref.shape}], ${ref.dtype}` });
    return graph.weight(`${ref.file}#${key}`, shape, dtype, ref);
  };
  const added = (ref: TensorRef): Value => graph.weight(`${ref.file}#${ref.offset}`, ref.shape, DTYPES[ref.dtype], ref);
  const updated = new Map<string, Value>(); // a recomputed segment takes the same one
  const get = (key: string, shape: Shape): Value => {
    const updates = part.updates?.get(key);
    if (!updates) return cast(own(key, shape), precision);
    const base = [shape[0] - appendedRows(updates), ...shape.slice(1)];
    const weight = updated.get(key) ?? graph.offTape(() => cast(updatedWeight(own(key, base), updates, added), precision));
    updated.set(key, weight);
    return weight;
  };
  return Object.assign(get, { has: (key: string) => part.weights.has(key) });
}

/** Whether a graph can read numbers of this format from a file. */
export const isReadable = (dtype: string): boolean => Object.hasOwn(DTYPES, dtype);

/** Parameters as float inputs of the graph, in the order of first use: what a trainer feeds and differentiates. */
export function inputParameters(graph: Graph, prefix: string): Parameters & { readonly all: ReadonlyMap<string, Value> } {
  const all = new Map<string, Value>();
  const get = (key: string, shape: Shape): Value => {
    const known = all.get(key);
    if (known) return known;
    const value = graph.input(prefix + key, shape);
    all.set(key, value);
    return value;
  };
  return Object.assign(get, { has: (key: string) => all.has(key), all }); // a new network has the newest names
}

/** The same parameters below a prefix of their keys. */
export function under(parameters: Parameters, prefix: string): Parameters {
  return Object.assign((key: string, shape: Shape) => parameters(`${prefix}.${key}`, shape), {
    has: (key: string) => parameters.has(`${prefix}.${key}`),
  });
}
