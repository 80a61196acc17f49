/** @file The anchor: the window that all others move towards. */
import type { JointModelConfig } from "../../diffusion/joint-model.js";
import type { DefaultedSpec } from "../option-table.js";
import type { ResolvedOptions } from "./options.js";
import { middleWindow } from "./windows.js";

/** A window's index, or "middle": the middle one of the windows that do not wrap. */
export type Anchor = "middle" | number;

const isIndex = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** The option `anchor` of a method. */
export const anchorOption: DefaultedSpec<Anchor> = {
  means: `the window that the others move towards: its index, or "middle"`,
  default: "middle",
  want: `"middle" or a window's index, from 0`,
  fits: (value) => value === "middle" || isIndex(value),
  flag: {
    value: "index",
    parse(word) {
      if (word === "middle") return word;
      if (!/^\d+$/.test(word)) throw new RangeError(`want "middle", or a window's index, from 0`);
      return Number(word);
    },
  },
};

/** The index of the anchor's window. @throws RangeError for an index that no window has */
export function anchorIndex(anchor: Anchor, { windows, width }: ResolvedOptions, { scaleFactor }: JointModelConfig): number {
  if (anchor === "middle") return middleWindow(windows, width / scaleFactor);
  const last = windows.length - 1;
  if (anchor > last) throw new RangeError(`anchor ${anchor}: want "middle" or a window's index, from 0 to ${last}`);
  return anchor;
}
