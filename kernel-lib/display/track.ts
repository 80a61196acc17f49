/** @file A run to its end, with one output that says how far it is and shows what it foresees. */
import { kernelHost, unlessStopped } from "../core/host.js";
import type { JointResult, JointRun, StepRecord } from "../methods/joint/step-record.js";
import { currentSink } from "./display.js";
import type { Sink } from "./display-sinks.js";
import { watchInLines, watchInOutput } from "./track-watchers.js";
import { rememberPainted, takenFrom } from "./tracked-runs.js";

export interface TrackOptions {
  /** the foreseen panorama is decoded and shown every so many steps; 0: never; default: as often as it costs little, every 1.5 s at most */
  readonly previewEvery?: number;
}

/** A finished run. */
export interface Tracked extends JointResult {
  /** every record that `track` took from the run, in order */
  readonly steps: readonly StepRecord[];
}

/**
 * Takes a run's steps to its end. A notebook sees one output change in place: bar, times, distances, and the foreseen panorama, whose decoding
 * takes at most about a tenth of the time; a plain script's terminal has a line.
 *
 * The notebook's stop button ends it at once, any error of the run as it comes; the output then says where it stopped, and `trackedSteps(run)`
 * has the records so far.
 * @param run of a joint method, begun or not
 * @throws what the run throws; the stop button's reason; RangeError where the run has ended already
 */
export async function track(run: JointRun, options: TrackOptions = {}): Promise<Tracked> {
  const { previewEvery } = options;
  if (previewEvery !== undefined && !(Number.isInteger(previewEvery) && previewEvery >= 0))
    throw new RangeError(`track: got previewEvery ${previewEvery}, want a whole number >= 0; leave it out to have it by time`);
  const sink = currentSink();
  const steps = takenFrom(run);
  const watcher = sink.lines ? watchInLines(run.options, sink.lines) : watchInOutput(run.options, steps, previewEvery);
  const next = async () => {
    const result = await run.next();
    if (!result.done) steps.push(result.value); // kept even where nobody waits for it any more
    return result;
  };
  await watcher.begin();
  const stop = stopSignal(sink);
  try {
    for (;;) {
      const { done, value } = await unlessStopped(next, stop.signal);
      if (done) {
        if (!value) throw new RangeError(`track: the run has ended already; trackedSteps(run) has its ${steps.length} steps`);
        rememberPainted(value.panorama, { edge: run.options.loop ? "wrap" : "open", steps });
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

/**
 * The stop button: our kernel's signal; in stock tslab, which only stops to wait, the signal of the process that it sends. There a listener may not
 * be added in a cell's synchronous part: Node's breakOnSigint, which it runs in, would afterwards let the signal end the process.
 */
function stopSignal(sink: Sink): { readonly signal?: AbortSignal; release(): void } {
  if (sink.name !== "tslab") return { signal: kernelHost()?.signal, release: () => {} };
  const controller = new AbortController();
  const abort = () => controller.abort();
  process.once("SIGINT", abort);
  return { signal: controller.signal, release: () => void process.off("SIGINT", abort) };
}
