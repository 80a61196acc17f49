/** @file What displays and run folders read of a run, whatever its method makes. */
import type { Tensor } from "../core/tensor.js";
import { counted } from "../core/words.js";
import type { EditResult, EditRun, EditStep } from "./edit/edit-step.js";
import type { JointResult, JointRun, StepRecord } from "./joint/step-record.js";
import type { PyramidResult, PyramidRun, PyramidStep } from "./pyramid/pyramid-step.js";

/** A run of any method. */
export type AnyRun = JointRun | EditRun | PyramidRun;
/** A step record of any method. */
export type AnyStep = StepRecord | EditStep | PyramidStep;
/** What a run of any method returns. */
export type AnyResult = JointResult | EditResult | PyramidResult;

/** A step's distances, over its windows or pictures. */
export interface Measured {
  /** what is measured, in a word */
  readonly name: "LPIPS" | "distance" | "change";
  readonly mean: number;
  readonly max: number;
  /** how many were measured */
  readonly count: number;
}

/** What `measured` reads of a step. */
export type MeasuredStep =
  | Pick<StepRecord, "windows" | "anchor">
  | Pick<EditStep, "pictures">
  | (Pick<PyramidStep, "series" | "place"> & { readonly pictures?: undefined });

/** A step's place in its run, from 0; a step of a pyramid counts its index within its stage. */
export const placeOf = (step: { readonly index: number; readonly place?: number }): number => step.place ?? step.index;

/**
 * The distances of a step: of windows to the anchor, of edited pictures to their sources, or of what a step of a pyramid foresees to what the one
 * before did; undefined if it measured none.
 */
export function measured(step: MeasuredStep): Measured | undefined {
  if ("place" in step) {
    const { change } = step.series;
    return change === undefined ? undefined : { name: "change", mean: change, max: change, count: 1 };
  }
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
  if ("count" in options) return counted(options.count, "picture");
  if (options.windows) return counted(options.windows.length, "window");
  const { image, latent } = options as EditRun["options"];
  return counted((image ?? latent)?.shape[0] ?? 1, "picture");
}
