/** @file The table of methods. A new method is one file and one line here. */
import { independent } from "./joint/independent.js";
import { multi } from "./joint/multidiffusion.js";
import type { JointRun } from "./joint/step-record.js";
import { sync } from "./joint/syncdiffusion.js";
import type { Method } from "./method.js";

/** A method that paints panoramas. */
export type PanoramaMethod = Method<never, JointRun>;

const BUILT_IN: readonly PanoramaMethod[] = [sync, multi, independent];
/** The command line's default method. */
export const DEFAULT_METHOD: PanoramaMethod = sync;

const known = new Map<string, PanoramaMethod>(BUILT_IN.map((method) => [method.name, method] as const));

/** The built-in methods, then those that were registered. */
export const allMethods = (): readonly PanoramaMethod[] => [...known.values()];

/** Finds a method by name; undefined if there is none. */
export const findMethod = (name: string): PanoramaMethod | undefined => known.get(name);

/** Finds a method by name. @throws RangeError for an unknown name, with the known ones */
export function methodNamed(name: string): PanoramaMethod {
  const method = known.get(name);
  if (!method) throw new RangeError(`method ${name}: want one of ${[...known.keys()].join(", ")}`);
  return method;
}

/**
 * Adds a user's method to the table, so that its runs are saved, opened, replayed, reported and compared like those of built-in methods.
 * Registering the same name again replaces the method, since a notebook's cell may run twice.
 * @throws RangeError for the name of a built-in method, or a name that is not lower-case letters, digits and "-"
 */
export function registerMethod(method: PanoramaMethod): void {
  const { name } = method;
  if (!/^[a-z][a-z0-9-]*$/.test(name))
    throw new RangeError(`registerMethod: got name "${name}", want lower-case letters, digits and "-", a letter first`);
  if (BUILT_IN.some((each) => each.name === name))
    throw new RangeError(`registerMethod: "${name}" is a built-in method; choose another name`);
  known.set(name, method);
}
