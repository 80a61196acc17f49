/** @file What `track` has taken from each run, so that an interrupted cell loses nothing and a panorama knows how it was painted. */
import type { Tensor } from "../core/tensor.js";
import type { JointRun, StepRecord } from "../methods/joint/step-record.js";

const taken = new WeakMap<JointRun, StepRecord[]>();
let latest: StepRecord[] | undefined;

/** The list that a run's records are put into; the same for every `track` of it. */
export function takenFrom(run: JointRun): StepRecord[] {
  const steps = taken.get(run) ?? [];
  taken.set(run, steps);
  latest = steps;
  return steps;
}

/**
 * The steps that `track` has taken from a run so far: all of them, or those before an interrupt or an error. They stay usable.
 * @param run default the one tracked last
 * @throws RangeError where nothing was tracked
 */
export function trackedSteps(run?: JointRun): readonly StepRecord[] {
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

export const rememberPainted = (panorama: Tensor, how: Painted): void => void painted.set(panorama, how);

/** Known of a panorama that `track` returned. */
export const paintedAs = (panorama: Tensor): Painted | undefined => painted.get(panorama);
