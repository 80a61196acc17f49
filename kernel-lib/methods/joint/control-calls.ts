/** @file The ControlNets of a run's network calls: which count in a step, and each window's part of their conditions. */
import { asRgb, type ControlOptions, isUsedAt, type ResolvedControl } from "../../conditions/control.js";
import { controlsOfWords, controlWord } from "../../conditions/control-words.js";
import type { Tensor } from "../../core/tensor.js";
import type { ControlMode, NoiseControl } from "../../diffusion/capabilities.js";
import type { Hop } from "../../diffusion/schedule.js";
import { givenOption, type OptionSpec } from "../option-table.js";
import { cropAll } from "./fuse.js";
import type { Window } from "./windows.js";

/** The option `control`. */
export const controlOption: OptionSpec<ControlOptions | readonly ControlOptions[]> = {
  ...givenOption<ControlOptions | readonly ControlOptions[]>({
    means:
      "a condition that a ControlNet of the model follows, one or a list; the flag stands once for each: IMAGE, and after it ,scale=0.8 ,mode=guess ,start=0 ,end=0.75 ,net=1 ,kind=canny ,fit=stretch",
    otherwise: "none",
    want: "{ image, scale, mode, start, end, net }, or a list of them",
  }),
  flag: {
    name: "--control",
    value: "image",
    load: controlsOfWords,
    words: (controls) => [controls].flat().map((control, k) => controlWord(control, k)),
  },
};

/** A call's moment: a step's, or a level alone. */
type Moment = Pick<Hop, "now"> & Partial<Pick<Hop, "index">>;

/** The step of a call. One at a level alone belongs to the first step that begins at that level or below. */
function stepOf({ index, now }: Moment, path: readonly Hop[]): number {
  const at = index ?? path.findIndex((hop) => hop.now.t <= now.t);
  return at < 0 ? path.length - 1 : at;
}

/** The ControlNets of a call of some windows, each condition cropped as they lie: a window that passes an edge wraps. */
export const controlsAt =
  (controls: readonly ResolvedControl[], path: readonly Hop[], scaleFactor: number) =>
  (moment: Moment, windows: readonly Window[]): { readonly controls?: readonly NoiseControl[] } => {
    const step = stepOf(moment, path);
    const used = controls.filter((control) => isUsedAt(control, step, path.length));
    if (used.length === 0) return {};
    const places = windows.map((window) => inPixels(window, scaleFactor));
    return { controls: used.map(({ net, scale, mode, image }) => ({ net, scale, mode, image: rows(image, places) })) };
  };

const rows = (image: Tensor, places: readonly Window[]): Tensor => asRgb(cropAll(image, places)); // [n,3,f·h,f·w]

const inPixels = ({ top, left, height, width }: Window, f: number): Window => ({
  top: f * top,
  left: f * left,
  height: f * height,
  width: f * width,
});

/** The sets of ControlNets that count together in some step, each once: a program is loaded for each. @param S steps; without any, as for one */
export function controlSets(
  controls: readonly ResolvedControl[],
  S: number,
): readonly (readonly { readonly net: number; readonly mode: ControlMode }[])[] {
  const sets = Array.from({ length: Math.max(1, S) }, (_, i) =>
    controls.filter((control) => isUsedAt(control, i, S)).map(({ net, mode }) => ({ net, mode })),
  );
  return [...new Map(sets.map((set) => [JSON.stringify(set), set])).values()];
}

/** What the first record says about the run's conditions. @param S steps */
export const controlNotices = (controls: readonly ResolvedControl[], S: number): readonly string[] =>
  controls.flatMap((control, k) => {
    const steps = Array.from({ length: S }, (_, i) => i).filter((i) => isUsedAt(control, i, S));
    return [
      ...(control.image.shape[1] === 1 ? [`control[${k}]: a grey condition; its channel is taken three times`] : []),
      ...(steps.length === 0 && control.scale !== 0
        ? [`control[${k}]: from ${control.start} to ${control.end} lies no whole step of ${S}, so that it is never used`]
        : []),
    ];
  });
