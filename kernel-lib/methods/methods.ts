/** @file The methods by the name that the command line and a run on disk give them. A new one is one file and one line here. */
import { independent } from "./joint/independent.js";
import { multi } from "./joint/multidiffusion.js";
import type { JointRun } from "./joint/step-record.js";
import { sync } from "./joint/syncdiffusion.js";
import type { Method } from "./method.js";

/** A method that paints panoramas. */
export type PanoramaMethod = Method<never, JointRun>;

const BUILT_IN: readonly PanoramaMethod[] = [sync, multi, independent];
/** What a command paints with where nothing else is asked for. */
export const DEFAULT_METHOD: PanoramaMethod = sync;

const known = new Map<string, PanoramaMethod>(BUILT_IN.map((method) => [method.name, method] as const));

/** The built-in methods, then those that were registered. */
export const allMethods = (): readonly PanoramaMethod[] => [...known.values()];

/** The method of a name; undefined where none has it. */
export const findMethod = (name: string): PanoramaMethod | undefined => known.get(name);

/** @throws RangeError for an unknown name, with those that are known */
export function methodNamed(name: string): PanoramaMethod {
  const method = known.get(name);
  if (!method) throw new RangeError(`method ${name}: want one of ${[...known.keys()].join(", ")}`);
  return method;
}

/**
 * Makes a method of one's own known by its name, so that its runs are saved, opened, replayed, reported and compared like the built-in ones'.
 * Registered again, a method of one's own takes the place of the former one: a notebook's cell may run twice.
 * @throws RangeError for the name of a built-in method, or one that is no word of lower-case letters, digits and "-"
 */
export function registerMethod(method: PanoramaMethod): void {
  const { name } = method;
  if (!/^[a-z][a-z0-9-]*$/.test(name))
    throw new RangeError(`registerMethod: got name "${name}", want lower-case letters, digits and "-", a letter first`);
  if (BUILT_IN.some((each) => each.name === name))
    throw new RangeError(`registerMethod: "${name}" is a built-in method; choose another name`);
  known.set(name, method);
}
