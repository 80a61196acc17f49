/** @file What displays and run folders read of a run, whatever its method makes. */
import type { Tensor } from "../core/tensor.js";
import type { EditResult, EditRun, EditStep } from "./edit/edit-step.js";
import type { JointResult, JointRun, StepRecord } from "./joint/step-record.js";

/** A run of any method. */
export type AnyRun = JointRun | EditRun;
/** A step record of any method. */
export type AnyStep = StepRecord | EditStep;
/** What a run of any method returns. */
export type AnyResult = JointResult | EditResult;

/** A step's distances, over its windows or pictures. */
export interface Measured {
  /** what is measured, in a word */
  readonly name: "LPIPS" | "distance";
  readonly mean: number;
  readonly max: number;
  /** how many were measured */
  readonly count: number;
}

/** The distances of a step: of windows to the anchor, or of edited pictures to their sources; undefined if it measured none. */
export function measured(step: Pick<StepRecord, "windows" | "anchor"> | Pick<EditStep, "pictures">): Measured | undefined {
  const joint = "windows" in step;
  const values = joint
    ? step.windows.flatMap(({ loss }, j) => (loss === undefined || j === step.anchor ? [] : [loss]))
    : step.pictures.flatMap(({ distance }) => (distance === undefined ? [] : [distance]));
  if (values.length === 0) return undefined;
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { name: joint ? "LPIPS" : "distance", mean, max: values.reduce((a, b) => Math.max(a, b)), count: values.length };
}

/** The pictures of a result, [N,3,H,W] in [0,1]; a panorama is one. */
export const picturesOf = (result: AnyResult): Tensor => ("panorama" in result ? result.panorama : result.image);

/** What a run works on, in words: "24 windows", "1 picture". */
export function unitsOf({ options }: AnyRun): string {
  if (options.windows) return counted(options.windows.length, "window");
  const { image, latent } = options as EditRun["options"];
  return counted((image ?? latent)?.shape[0] ?? 1, "picture");
}

const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;
