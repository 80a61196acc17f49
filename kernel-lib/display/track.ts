/** @file Runs a method to its end, with one output that shows its progress. */
import { kernelHost, unlessStopped } from "../core/host.js";
import type { AnyResult, AnyRun, AnyStep } from "../methods/any-run.js";
import type { EditResult, EditRun, EditStep } from "../methods/edit/edit-step.js";
import type { ResolvedEditOptions } from "../methods/edit/options.js";
import type { JointResult, JointRun, StepRecord } from "../methods/joint/step-record.js";
import type { PyramidResult, PyramidRun, PyramidStep } from "../methods/pyramid/pyramid-step.js";
import type { Sweep } from "../sweeps/sweep.js";
import type { SweepResult } from "../sweeps/sweep-event.js";
import { currentSink } from "./display.js";
import type { Sink } from "./display-sinks.js";
import { watchInLines, watchInOutput } from "./track-watchers.js";
import { rememberPainted, takenFrom } from "./tracked-runs.js";

/** Options of `track`. */
export interface TrackOptions {
  /** decodes and shows the foreseen panorama every n steps; 0: never; default: at most every 1.5 s and about a tenth of the time */
  readonly previewEvery?: number;
}

/** A finished run of a joint method. */
export interface Tracked extends JointResult {
  /** all records that `track` took from the run, in order */
  readonly steps: readonly StepRecord[];
}

/** A finished edit. */
export type TrackedEdit<Result extends EditResult = EditResult> = Result & {
  /** all records that `track` took from the run, in order */
  readonly steps: readonly EditStep[];
};

/** A finished run over a pyramid. */
export type TrackedPyramid = PyramidResult & {
  /** all records that `track` took from the run, in order */
  readonly steps: readonly PyramidStep[];
};

/**
 * Runs a method to its end. A notebook shows one output that changes in place: a bar, times, distances, and the foreseen panorama, whose
 * decoding takes at most about a tenth of the time. A plain script shows a line on the terminal.
 *
 * The notebook's stop button and any error end the run at once. The output then says where it stopped, and `trackedSteps(run)` returns the
 * records so far.
 * @param run a run of any method, whether its first steps were taken or not
 * @throws what the run throws; the stop button's reason; RangeError if the run has already ended
 */
export async function track(run: JointRun, options?: TrackOptions): Promise<Tracked>;
export async function track<Result extends EditResult>(
  run: EditRun<ResolvedEditOptions, Result>,
  options?: TrackOptions,
): Promise<TrackedEdit<Result>>;
export async function track(run: PyramidRun, options?: TrackOptions): Promise<TrackedPyramid>;
/**
 * Runs a sweep to its end: a bar, runs a minute, the time left, the last four pictures, and what failed. The stop button ends it within one network
 * call; what is finished stays, and the same call goes on.
 */
export async function track(sweep: Sweep): Promise<SweepResult>;
export async function track(
  run: AnyRun | Sweep,
  options: TrackOptions = {},
): Promise<(AnyResult & { readonly steps: readonly AnyStep[] }) | SweepResult> {
  if ("out" in run) return tracked(run);
  const { previewEvery } = options;
  if (previewEvery !== undefined && !(Number.isInteger(previewEvery) && previewEvery >= 0))
    throw new RangeError(`track: got previewEvery ${previewEvery}, want a whole number >= 0; leave it out for previews by time`);
  const sink = currentSink();
  const steps = takenFrom(run);
  const watcher = sink.lines ? watchInLines(run, sink.lines) : watchInOutput(run, steps, previewEvery);
  const next = async () => {
    const result: IteratorResult<AnyStep, AnyResult> = await run.next();
    if (!result.done) steps.push(result.value); // kept even after a stop, when `track` no longer waits
    return result;
  };
  await watcher.begin();
  const stop = stopSignal(sink);
  try {
    for (;;) {
      const { done, value } = await unlessStopped(next, stop.signal);
      if (done) {
        if (!value) throw new RangeError(`track: the run has ended already; trackedSteps(run) has its ${steps.length} steps`);
        if ("panorama" in value)
          rememberPainted(value.panorama, {
            edge: "loop" in run.options && run.options.loop ? "wrap" : "open",
            steps: steps as StepRecord[],
          });
        await watcher.finish(value);
        return { ...value, steps };
      }
      await unlessStopped(() => watcher.step(value), stop.signal);
    }
  } catch (error) {
    await watcher.stop(stop.signal?.aborted ? "interrupted" : error);
    throw error;
  } finally {
    stop.release();
  }
}

async function tracked(sweep: Sweep): Promise<SweepResult> {
  const { trackSweep } = await import("./track-sweep.js");
  const stop = stopSignal(currentSink());
  try {
    return await trackSweep(sweep, stop.signal);
  } finally {
    stop.release();
  }
}

/**
 * The signal of the notebook's stop button. In Veduta's kernel it is the host's signal. Stock tslab only stops waiting for a cell and sends the
 * process SIGINT. There a listener must not be added in a cell's synchronous part, which runs under Node's breakOnSigint: after that, SIGINT
 * would end the process.
 */
function stopSignal(sink: Sink): { readonly signal?: AbortSignal; release(): void } {
  if (sink.name !== "tslab") return { signal: kernelHost()?.signal, release: () => {} };
  const controller = new AbortController();
  const abort = () => controller.abort();
  process.once("SIGINT", abort);
  return { signal: controller.signal, release: () => void process.off("SIGINT", abort) };
}
