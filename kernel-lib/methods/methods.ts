/** @file The table of methods. A new method is one file and one line here. */

import type { PyramidModel } from "../diffusion/pyramid-model.js";
import { cycle } from "./edit/cyclediffusion.js";
import { ddibMethod } from "./edit/ddib.js";
import type { EditModel } from "./edit/edit-model.js";
import type { EditRun } from "./edit/edit-step.js";
import { img2imgMethod } from "./edit/img2img.js";
import { sdeditMethod } from "./edit/sdedit.js";
import { JOINT_METHODS } from "./joint/joint-methods.js";
import type { JointRun } from "./joint/step-record.js";
import type { Family, Method, MethodInfo } from "./method.js";
import { frido } from "./pyramid/pyramid-diffusion.js";
import type { PyramidRun } from "./pyramid/pyramid-step.js";

/** A method that paints panoramas. */
export type PanoramaMethod = Method<never, JointRun>;
/** A method that edits pictures. */
export type EditMethod = Method<never, EditRun, EditModel>;

/** A method that samples a pyramid of codes. */
export type PyramidMethod = Method<never, PyramidRun, PyramidModel>;

/** The methods of each family. */
export interface MethodsOf {
  readonly panorama: PanoramaMethod;
  readonly edit: EditMethod;
  readonly pyramid: PyramidMethod;
}

type AnyMethod = MethodsOf[Family];

const BUILT_IN: readonly AnyMethod[] = [...JOINT_METHODS, cycle, sdeditMethod, ddibMethod, img2imgMethod, frido];
/** The command line's default methods. */
export const DEFAULT_METHODS: MethodsOf = { panorama: JOINT_METHODS[0], edit: cycle, pyramid: frido };

const known = new Map<string, AnyMethod>(BUILT_IN.map((method) => [method.name, method] as const));

const isOf =
  <F extends Family>(family: F) =>
  (method: AnyMethod): method is MethodsOf[F] =>
    method.family === family;

/** The methods of a family, the built-in ones first, then those that were registered. @param family default "panorama" */
export const allMethods = <F extends Family = "panorama">(family: F = "panorama" as F): readonly MethodsOf[F][] =>
  [...known.values()].filter(isOf(family));

/** Finds a method of a family by name; undefined if there is none. @param family default "panorama" */
export const findMethod = <F extends Family = "panorama">(name: string, family: F = "panorama" as F): MethodsOf[F] | undefined =>
  allMethods(family).find((method) => method.name === name);

/** What is known of a method of any family; undefined if there is none of that name. */
export const methodInfo = (name: string): MethodInfo | undefined => known.get(name);

/** What is known of a method of any family. @throws RangeError for an unknown name, with the known ones */
export function methodInfoNamed(name: string): MethodInfo {
  const method = known.get(name);
  if (!method) throw unknownMethod(name, [...known.values()]);
  return method;
}

const unknownMethod = (name: string, all: readonly MethodInfo[]): RangeError =>
  new RangeError(`method ${name}: want one of ${all.map((each) => each.name).join(", ")}`);

/** Finds a method of a family by name. @param family default "panorama" @throws RangeError for an unknown name, with the known ones */
export function methodNamed<F extends Family = "panorama">(name: string, family: F = "panorama" as F): MethodsOf[F] {
  const method = findMethod(name, family);
  if (!method) throw unknownMethod(name, allMethods(family));
  return method;
}

/**
 * Adds a user's method to the table, so that its runs are saved, opened, replayed, reported and compared like those of built-in methods.
 * Registering the same name again replaces the method, since a notebook's cell may run twice.
 * @throws RangeError for the name of a built-in method, or a name that is not lower-case letters, digits and "-"
 */
export function registerMethod(method: PanoramaMethod | EditMethod | PyramidMethod): void {
  const { name } = method;
  if (!/^[a-z][a-z0-9-]*$/.test(name))
    throw new RangeError(`registerMethod: got name "${name}", want lower-case letters, digits and "-", a letter first`);
  if (BUILT_IN.some((each) => each.name === name))
    throw new RangeError(`registerMethod: "${name}" is a built-in method; choose another name`);
  known.set(name, method);
}
