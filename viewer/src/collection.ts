/** @file Which picture a state shows of each panorama: the viewer's own, and those that are compared with it. */
import type { PanoramaSpec } from "../../kernel-lib/pages/panorama-figure.js";
import { type Contents, pairOf, type ViewState } from "../../kernel-lib/panorama/view-state.js";
import type { Which } from "./core.js";
import type { Wanted } from "./pictures.js";

/** The pictures of a viewer's panoramas. */
export interface Collection extends Contents {
  picture(which: Which, state: ViewState): Wanted;
  /** the pictures on screen */
  shown(state: ViewState): Wanted[];
}

/** Makes the collection of a viewer. @param still the URL of the root's picture */
export function collect({ coverage, steps = [], others = [] }: PanoramaSpec, still: string): Collection {
  const panoramas = 1 + others.length;
  const compared = ({ compare, ...state }: ViewState): readonly Which[] => {
    if (compare === null) return [0];
    return compare === "swipe" || compare === "difference" ? pairOf(state) : Array.from({ length: panoramas }, (_, k) => k);
  };
  const picture = (which: Which, { step }: ViewState): Wanted => {
    if (which === 0) return { src: (step === null ? null : steps[step].src) ?? still, coverage };
    const other = others[which - 1];
    // A run with another number of steps shows the step at the same fraction of its length.
    const theirs = other.steps ?? [];
    const at = step === null || steps.length < 2 ? theirs.length - 1 : Math.round((step / (steps.length - 1)) * (theirs.length - 1));
    return { src: theirs[at]?.src ?? other.src, coverage: other.coverage };
  };
  return { steps: steps.length, panoramas, picture, shown: (state) => compared(state).map((which) => picture(which, state)) };
}
