/** @file The anchor: the window that all others move towards. */
import type { JointModelConfig } from "../../diffusion/joint-model.js";
import type { DefaultedSpec } from "../option-table.js";
import type { ResolvedOptions } from "./options.js";
import { middleWindow } from "./windows.js";

/**
 * A window's index; "middle": the middle one of the windows that do not wrap; "rolling": that one in the first step, and the next one in each step after it; a
 * list or a function of the step: an index for each step.
 */
export type Anchor = "middle" | "rolling" | number | readonly number[] | ((step: number) => number);

const isIndex = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** The option `anchor` of a method. */
export const anchorOption: DefaultedSpec<Anchor> = {
  means: `the window that the others move towards: its index, "middle", or "rolling" for the next one in each step`,
  default: "middle",
  want: `"middle", "rolling", a window's index, from 0, or one for each step`,
  fits: (value) =>
    value === "middle" ||
    value === "rolling" ||
    isIndex(value) ||
    typeof value === "function" ||
    (Array.isArray(value) && value.length > 0 && value.every(isIndex)),
  flag: {
    value: "index",
    parse(word) {
      if (word === "middle" || word === "rolling") return word;
      if (!/^\d+$/.test(word)) throw new RangeError(`want "middle", "rolling", or a window's index, from 0`);
      return Number(word);
    },
  },
};

/** The index of the anchor's window: one for all steps, or a list of one for each. @throws RangeError for an index that no window has */
export function anchorIndex(
  anchor: Anchor,
  { windows, width, height, steps }: ResolvedOptions,
  { scaleFactor }: JointModelConfig,
): number | readonly number[] {
  const middle = () => middleWindow(windows, width / scaleFactor, height / scaleFactor);
  if (anchor === "middle") return middle();
  if (anchor === "rolling") return perStep(steps, (step) => (middle() + step) % windows.length);
  const last = windows.length - 1;
  const known = (index: number) => {
    if (!isIndex(index) || index > last) throw new RangeError(`anchor ${index}: want "middle" or a window's index, from 0 to ${last}`);
    return index;
  };
  if (typeof anchor === "number") return known(anchor);
  return typeof anchor === "function" ? perStep(steps, anchor).map(known) : anchor.map(known);
}

/** A value for each of a run's network calls, of which some samplers have one more than steps. */
export const perStep = <T>(steps: number, of: (step: number) => T): readonly T[] =>
  Array.from({ length: steps + 1 }, (_, step) => of(step));

/** The value of a step: the list's, whose last holds for all later steps, or the one for all. */
export const atStep = <T extends number>(value: T | readonly T[], step: number): T =>
  typeof value === "number" ? value : value[Math.min(step, value.length - 1)];
