/** @file Looks names up in a model's list, and says which ones are near where a name is not in it. */
import { CheckpointError } from "../core/errors.js";
import { brief } from "../core/json.js";
import { nearestNames } from "../core/nearest-names.js";

/** Numbers of names: their places in a list. */
export type Numbered = (place: string, name: string) => number;

/**
 * A look-up of names in a list.
 * @param what such as class
 * @returns the name's place in the list, from 0. @throws RangeError naming the place, the name and the nearest five of the list
 */
export function numbered(what: string, names: readonly string[]): Numbered {
  const numbers = new Map(names.map((name, k) => [name, k]));
  return (place, name) => {
    const number = numbers.get(name);
    if (number === undefined) throw new RangeError(`${place}: ${brief(name)} is no ${what} of this model; ${near(name, names)}`);
    return number;
  };
}

const near = (name: string, names: readonly string[]): string =>
  names.length === 0 ? "it knows none" : `the nearest are ${nearestNames(name, names).join(", ")}`;

/** Checks a number of things. @throws RangeError with both counts if there are more things than the model has room for, or none */
export function checkCount(place: string, what: string, count: number, most: number): void {
  if (count < 1 || count > most)
    throw new RangeError(`${place}: got ${count} ${what}, want 1 to ${most}, as many as this model has room for`);
}

/** Checks that names differ. @throws CheckpointError naming the key, if one of a file's names stands twice */
export function checkDistinct(file: string, key: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new CheckpointError(file, { expected: `${key}: each name once`, found: `${brief(name)} twice` });
    seen.add(name);
  }
}
