/** @file All parameters of a training one after the other in flat arrays, and the arrays in memory that threads share. */
import type { Shape, Tensor } from "../../kernel-lib/core/tensor.js";
import { sizeOf } from "../../kernel-lib/core/tensor.js";
import type { OptimizerArrays } from "./optimizer.js";
import type { Weights } from "./training.js";

/** Where a parameter lies in the flat arrays. */
export interface Slot {
  readonly key: string;
  readonly shape: Shape;
  readonly from: number;
  readonly to: number;
}

export function layoutOf(shapes: ReadonlyMap<string, Shape>): Slot[] {
  let at = 0;
  return [...shapes].map(([key, shape]) => {
    const from = at;
    at += sizeOf(shape);
    return { key, shape, from, to: at };
  });
}

export const lengthOf = (slots: readonly Slot[]): number => slots[slots.length - 1]?.to ?? 0;

/** Float32 zeros in shared memory. */
export const sharedFloats = (length: number): Float32Array => new Float32Array(new SharedArrayBuffer(4 * length));

export interface TrainingArrays extends OptimizerArrays {
  /** one per lane */
  readonly gradients: readonly Float32Array[];
  readonly decays: Uint8Array;
  /** one counter: the next micro-batch of the step */
  readonly next: Int32Array;
}

export function trainingArrays(slots: readonly Slot[], lanes: number): TrainingArrays {
  const length = lengthOf(slots);
  const [parameters, first, second, average] = Array.from({ length: 4 }, () => sharedFloats(length));
  const decays = new Uint8Array(new SharedArrayBuffer(length));
  for (const { key, from, to } of slots) if (!key.endsWith(".bias") && !key.includes("norm")) decays.fill(1, from, to);
  return {
    parameters,
    first,
    second,
    average,
    gradients: Array.from({ length: lanes }, () => sharedFloats(length)),
    decays,
    next: new Int32Array(new SharedArrayBuffer(4)),
  };
}

/** Copies of the parameters by key. */
export const unflatten = (slots: readonly Slot[], flat: Float32Array): Record<string, Tensor> =>
  Object.fromEntries(slots.map(({ key, shape, from, to }) => [key, { data: flat.slice(from, to), shape }]));

/** Writes tensors by key into a flat array. @throws Error for a key that is missing or of another size */
export function flatten(who: string, slots: readonly Slot[], weights: Weights, flat: Float32Array): void {
  for (const { key, shape, from, to } of slots) {
    const tensor = weights[key];
    if (tensor?.data.length !== to - from)
      throw new Error(`${who}: ${key} has ${tensor ? `[${tensor.shape}]` : "no entry"}, want [${shape}]; remove the file to begin anew`);
    flat.set(tensor.data, from);
  }
}

/** The part of `length` elements that lane `lane` of `lanes` updates. */
export const partOf = (length: number, lane: number, lanes: number): readonly [from: number, to: number] => [
  Math.floor((length * lane) / lanes),
  Math.floor((length * (lane + 1)) / lanes),
];
