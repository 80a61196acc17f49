/** @file Shapes with axes that have names: what a function's inputs must be like, and the lengths that a call gives them. */
import type { Shape } from "../../core/tensor.js";

/** A fixed length; a name, which stands for any length, the same one everywhere in a call; or a multiple of a name. */
export type Axis = number | string | { readonly times: number; readonly of: string };

/** The lengths of the named axes of a call. */
export type Lengths = Readonly<Record<string, number>>;

/** The length of an axis. */
export const lengthOf = (axis: Axis, lengths: Lengths): number =>
  typeof axis === "number" ? axis : typeof axis === "string" ? lengths[axis] : axis.times * lengths[axis.of];

/** The shape in a call of these lengths. */
export const shapeAt = (shape: readonly Axis[], lengths: Lengths): Shape => shape.map((axis) => lengthOf(axis, lengths));

/** The shape as the protocol's metadata have it: -1 for a length that calls choose. */
export const openShape = (shape: readonly Axis[]): Shape => shape.map((axis) => (typeof axis === "number" ? axis : -1));

/**
 * The lengths of the named axes, from the shapes of a call.
 * @param misfit what is thrown for a tensor whose shape does not fit, by its name
 */
export function lengthsOf(
  tensors: readonly { readonly name: string; readonly shape: readonly Axis[] }[],
  shapes: Readonly<Record<string, Shape>>,
  misfit: (name: string) => Error,
): Lengths {
  const lengths: Record<string, number> = {};
  for (const { name, shape } of tensors)
    for (const [k, axis] of shape.entries()) {
      if (typeof axis === "string") lengths[axis] ??= shapes[name][k];
      else if (typeof axis === "object") lengths[axis.of] ??= shapes[name][k] / axis.times;
    }
  for (const { name, shape } of tensors) {
    const fits = (axis: Axis, k: number) =>
      lengthOf(axis, lengths) === shapes[name][k] && isLength(typeof axis === "object" ? lengths[axis.of] : shapes[name][k]);
    if (shape.length !== shapes[name].length || !shape.every(fits)) throw misfit(name);
  }
  return lengths;
}

const isLength = (length: number): boolean => Number.isSafeInteger(length) && length >= 1;
