/** @file Keeps the steps that `track` took from each run, so that an interrupted cell loses none, and how each panorama was painted. */
import type { Tensor } from "../core/tensor.js";
import type { AnyRun, AnyStep } from "../methods/any-run.js";
import type { EditRun, EditStep } from "../methods/edit/edit-step.js";
import type { JointRun, StepRecord } from "../methods/joint/step-record.js";

const taken = new WeakMap<AnyRun, AnyStep[]>();
let latest: AnyStep[] | undefined;

/** The list of a run's records, the same for every `track` of it. */
export function takenFrom(run: AnyRun): AnyStep[] {
  const steps = taken.get(run) ?? [];
  taken.set(run, steps);
  latest = steps;
  return steps;
}

/**
 * The steps that `track` has taken from a run so far, also after an interrupt or an error.
 * @param run default: the run that was tracked last
 * @throws RangeError if nothing was tracked
 */
export function trackedSteps(run?: JointRun): readonly StepRecord[];
export function trackedSteps(run: EditRun): readonly EditStep[];
export function trackedSteps(run?: AnyRun): readonly AnyStep[] {
  const steps = run ? taken.get(run) : latest;
  if (!steps)
    throw new RangeError(`trackedSteps: got ${run ? "a run that was" : "no run, and none was"} not tracked; call track(run) first`);
  return steps;
}

/** How a panorama was painted. */
export interface Painted {
  readonly edge: "wrap" | "open";
  readonly steps: readonly StepRecord[];
}

const painted = new WeakMap<Tensor, Painted>();

/** Remembers how a panorama was painted. */
export const rememberPainted = (panorama: Tensor, how: Painted): void => void painted.set(panorama, how);

/** How a panorama was painted; undefined if `track` did not return it. */
export const paintedAs = (panorama: Tensor): Painted | undefined => painted.get(panorama);
