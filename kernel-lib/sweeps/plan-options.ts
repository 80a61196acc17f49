/** @file The options that a plan may name: those of a family's methods that can be written as JSON. */
import { parseScene } from "../conditions/parse-scene.js";
import { checkScene } from "../conditions/scene-tokenizer.js";
import { nearestNames } from "../core/nearest-names.js";
import type { Family, MethodInfo } from "../methods/method.js";
import { allMethods } from "../methods/methods.js";
import type { OptionSpec } from "../methods/option-table.js";

/** Options by the library's names, as JSON. */
export type SweptOptions = Readonly<Record<string, unknown>>;

/** Options that have no flag, and that a plan gives all the same: a picture's file, and a scene as JSON. */
const WRITTEN: ReadonlySet<string> = new Set(["prompt", "image", "layout", "labels", "graph"]);
/** Set beside the runs, or by the sweep itself. */
const NOT_SWEPT: ReadonlySet<string> = new Set(["batch", "count"]);

const isSwept = ([name, spec]: readonly [string, OptionSpec<unknown>]): boolean =>
  !NOT_SWEPT.has(name) && (spec.flag !== undefined || WRITTEN.has(name));

/** A method's options that a plan may name. */
export const sweptOptions = ({ sharedOptions, options }: MethodInfo): ReadonlyMap<string, OptionSpec<unknown>> =>
  new Map(Object.entries({ ...sharedOptions, ...options }).filter(isSwept));

/** The names that a plan for methods of a family may use. */
export const optionNames = (family: Family): readonly string[] => [
  ...new Set(["method", ...allMethods(family).flatMap((method) => [...sweptOptions(method).keys()])]),
];

/** What an option must be, where a value is not; undefined where it fits one of the methods. */
export function checkOption(family: Family, name: string, value: unknown): string | undefined {
  const methods = allMethods(family);
  if (name === "method") {
    const names = methods.map((method) => method.name);
    if (names.includes(value as string)) return undefined;
    return typeof value === "string"
      ? `${nearestNames(value, names, 1)[0]}, or another of ${names.join(", ")}`
      : `one of ${names.join(", ")}`;
  }
  const specs = methods.flatMap((method) => sweptOptions(method).get(name) ?? []);
  return specs.some((spec) => planValue(name, spec, value) !== undefined) ? undefined : wantOf(name, specs[0]);
}

const wantOf = (name: string, { want, flag }: OptionSpec<unknown>): string =>
  name === "image" ? "a picture's file" : flag?.load ? "the words of its flag, or a list of them" : want;

/**
 * An option's value as a method takes it, out of what the plan says: the value itself, or the word that its flag takes. Files of pictures stay
 * names. undefined where it is none.
 */
export function planValue(name: string, spec: OptionSpec<unknown>, value: unknown): unknown {
  if (name === "image") return typeof value === "string" ? value : undefined;
  if (name === "layout" || name === "graph" || name === "labels") return sceneValue(name, value);
  if (spec.flag?.load) {
    const words = typeof value === "string" ? [value] : value;
    return Array.isArray(words) && words.length > 0 && words.every((word) => typeof word === "string") ? words : undefined;
  }
  if (spec.fits(value)) return value;
  if (typeof value !== "string" || !spec.flag?.parse) return undefined;
  try {
    return spec.flag.parse(value);
  } catch {
    return undefined;
  }
}

function sceneValue(name: "layout" | "graph" | "labels", value: unknown): unknown {
  try {
    const scene =
      name === "labels" && Array.isArray(value)
        ? checkScene({ labels: value })
        : parseScene(name, name === "labels" ? String(value) : JSON.stringify(value), name);
    return (scene as Readonly<Record<string, unknown>>)[name];
  } catch {
    return undefined;
  }
}
