/** @file Many runs: `sweep`, and what it takes. */
import type { SweepPlan } from "./plan.js";
import type { SweepOptions } from "./run-sweep.js";
import type { SweepEvent, SweepResult } from "./sweep-event.js";

export type { SweepOptions };

/** A sweep on its way: an async iterator of its events, which returns the result. */
export interface Sweep extends AsyncGenerator<SweepEvent, SweepResult, void> {
  /** its folder */
  readonly out: string;
  /** Ends it within one network call; what is finished stays. The iteration then throws an AbortError. */
  stop(): void;
}

/**
 * Paints the runs of a plan that are not in its folder, and writes the report once all are. What was painted stays: the same call goes on where it was.
 * @param plan a file, or its content
 * @throws RangeError for a wrong plan or option, before anything starts; the signal's reason once it is aborted: finished runs stay
 */
export function sweep(plan: SweepPlan | string, options: SweepOptions): Sweep {
  const own = new AbortController();
  const signal = AbortSignal.any([own.signal, ...(options.signal ? [options.signal] : [])]);
  return Object.assign(sweeping(plan, { ...options, signal }), { out: options.out, stop: () => own.abort() });
}

async function* sweeping(plan: SweepPlan | string, options: SweepOptions): AsyncGenerator<SweepEvent, SweepResult, void> {
  const { prepareSweep } = await import("./prepare-sweep.js"); // loaded with the first sweep
  const { runSweep } = await import("./run-sweep.js");
  return yield* runSweep(await prepareSweep(plan, options), options);
}
