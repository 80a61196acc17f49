/** @file The action of `veduta sweep`. */
import { clock } from "../core/words.js";
import { progressLine } from "../display/progress-line.js";
import type { DeviceChoice } from "../engine/device.js";
import type { Precision } from "../graph/half.js";
import type { SweepKeep } from "../sweeps/paint-run.js";
import { prepareSweep } from "../sweeps/prepare-sweep.js";
import { runSweep } from "../sweeps/sweep.js";
import { type CliDeps, InterruptedError, UsageError } from "./command.js";

/** The flags of `veduta sweep`. */
export interface SweepFlags {
  readonly out: string;
  readonly workers?: number;
  readonly threads?: number;
  readonly retryFailed?: true;
  readonly attempts: number;
  readonly keep: readonly SweepKeep[];
  readonly model?: string;
  readonly device?: DeviceChoice;
  readonly precision?: Precision;
  readonly batch?: number;
}

/** Paints what is missing. @throws UsageError for a wrong plan; InterruptedError if the user stops it: finished runs stay */
export async function sweepAction(plan: string, flags: SweepFlags, deps: CliDeps): Promise<void> {
  const { stderr, stdout } = deps;
  const folder = await prepareSweep(plan, flags).catch((error: unknown) => {
    throw error instanceof RangeError ? new UsageError(error.message, { cause: error }) : error;
  });
  const stop = new AbortController();
  const stopListening = deps.onInterrupt(() => {
    stderr.write("\nStopping after this network call. Press Ctrl-C again to stop at once.\n");
    stop.abort();
  });
  try {
    const line = progressLine(stderr);
    const begun = performance.now();
    let made = 0;
    const events = runSweep(folder, { ...flags, failed: flags.retryFailed ? "retry" : "leave", signal: stop.signal });
    for (;;) {
      const { value, done } = await events.next();
      if (done) {
        line.end();
        stdout.write(`${value.there} of ${value.all} runs are in ${flags.out}\n`);
        break;
      }
      const { all, there, failed } = value.counts;
      if (value.kind === "done") made++;
      const left = made > 0 ? `, ${clock(((performance.now() - begun) / made) * (all - there - failed))} left` : "";
      if (value.kind === "done" || value.kind === "failed") line.show(there / all, () => `${there} of ${all} runs${left}`);
    }
  } catch (error) {
    if (stop.signal.aborted) throw new InterruptedError(`Stopped; the finished runs are in ${flags.out}, and the same command goes on.`);
    throw error;
  } finally {
    stopListening();
  }
}
