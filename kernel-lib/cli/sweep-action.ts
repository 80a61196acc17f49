/** @file The action of `veduta sweep`. */
import { bytesInWords, clock, counted, duration } from "../core/words.js";
import { progressLine } from "../display/progress-line.js";
import type { DeviceChoice } from "../engine/device.js";
import type { Precision } from "../graph/half.js";
import type { SweepKeep } from "../sweeps/paint-run.js";
import { prepareSweep } from "../sweeps/prepare-sweep.js";
import { runSweep } from "../sweeps/run-sweep.js";
import type { Shard } from "../sweeps/shard.js";
import type { SweepOptions } from "../sweeps/sweep.js";
import type { SweepEvent, SweepResult } from "../sweeps/sweep-event.js";
import { readFailed, type SweepFolder } from "../sweeps/sweep-folder.js";
import { sweepStatus } from "../sweeps/sweep-status.js";
import { machineFor, workerCount } from "../sweeps/worker-count.js";
import { type CliDeps, FailedRunsError, InterruptedError, UsageError } from "./command.js";

/** The flags of `veduta sweep`. */
export interface SweepFlags {
  readonly out?: string;
  readonly workers?: number;
  readonly threads?: number;
  readonly queue?: string;
  readonly shard?: Shard;
  readonly detach?: true;
  readonly retryFailed?: true;
  readonly attempts: number;
  readonly dryRun?: true;
  readonly keep: readonly SweepKeep[];
  readonly model?: string;
  readonly device?: DeviceChoice;
  readonly precision?: Precision;
  readonly batch?: number;
}

/** Paints what is missing. @throws UsageError for a wrong plan; FailedRunsError; InterruptedError if the user stops it: finished runs stay */
export async function sweepAction(plan: string, { out, dryRun, retryFailed, ...flags }: SweepFlags, deps: CliDeps): Promise<void> {
  if (out === undefined) throw new UsageError("sweep: got no --out, want the sweep's folder: --out DIR");
  if (flags.queue !== undefined && flags.shard)
    throw new UsageError("--shard and --queue (or VEDUTA_QUEUE) are two ways to share the runs out; give one of them");
  if (flags.detach && flags.queue === undefined) throw new UsageError("--detach leaves the runs to a queue's workers; give --queue");
  const folder = await prepareSweep(plan, { ...flags, out, write: dryRun ? "nothing" : "folder" }).catch((error: unknown) => {
    const isWrongPlan = error instanceof RangeError || (error instanceof Error && error.name === "CheckpointError");
    throw isWrongPlan ? new UsageError(error.message, { cause: error }) : error;
  });
  if (dryRun) return tellExpected(folder, flags, deps);
  const stop = new AbortController();
  const stopListening = deps.onInterrupt(() => {
    deps.stderr.write("\nStopping after this network call. Press Ctrl-C again to stop at once.\n");
    stop.abort();
  });
  try {
    const result = await followed(
      folder,
      { ...flags, wait: flags.detach ? "detach" : "to the end", failed: retryFailed ? "retry" : "leave", signal: stop.signal },
      deps,
    );
    deps.stdout.write(resultWords(result, flags));
    if (result.failed > 0) throw await failedRuns(folder, result, plan);
    if (result.there < result.all && !flags.detach)
      throw new FailedRunsError(`${result.all - result.there} runs are missing; the same command goes on.`);
  } catch (error) {
    if (stop.signal.aborted) throw new InterruptedError(stoppedWords(out, plan, flags));
    throw error;
  } finally {
    stopListening();
  }
}

const resultWords = ({ out, all, there, failed, report }: SweepResult, { detach }: Pick<SweepFlags, "detach">): string =>
  [
    ...(detach && there + failed < all ? [`${counted(all - there - failed, "run")} in the queue`] : []),
    `${there} of ${counted(all, "run")} in ${out}`,
    ...(report === undefined ? [] : [report]),
    "",
  ].join("\n");

const stoppedWords = (out: string, plan: string, { queue }: Pick<SweepFlags, "queue">): string =>
  queue === undefined
    ? `Stopped; the finished runs are in ${out}, and the same command goes on.`
    : `No longer waiting; the queue's workers go on. veduta sweep ${plan} --out ${out} --queue … waits again, veduta sweep cancel ${out} --queue … takes the runs out.`;

/** Shows the events of a sweep on one line, and what is worth a line of its own. */
async function followed(folder: SweepFolder, options: Omit<SweepOptions, "out">, { stderr }: CliDeps): Promise<SweepResult> {
  const line = progressLine(stderr);
  const begun = performance.now();
  const said = new Set<string>();
  let made = 0;
  const show = ({ counts: { all, there, failed }, ...event }: SweepEvent) => {
    const left = made > 0 ? `${clock(((performance.now() - begun) / made) * (all - there - failed))} left` : undefined;
    if (event.kind === "done") made++;
    if (event.kind === "begin") line.say(`${there} of ${counted(all, "run")} are there; ${inWords(event)}`);
    else if (event.kind === "note") {
      if (!said.has(event.text)) line.say(`note: ${event.text}`); // every worker of a queue may say it
      said.add(event.text);
    } else if (event.kind === "worker") {
      const where = `${event.device}, ${event.precision}`;
      if (!said.has(where)) line.say(`painting on ${where}`);
      said.add(where);
    } else if (event.kind === "measured") line.show(event.done / event.of, `${event.done} of ${counted(event.of, "picture")} measured`);
    else if (event.kind === "failed") line.say(`failed: ${event.key}: ${event.failed.name}: ${event.failed.message}`);
    else if (event.kind !== "report")
      line.show(there / all, `${there} of ${counted(all, "run")}`, failed > 0 ? `${failed} failed` : undefined, left);
  };
  try {
    const events = runSweep(folder, options);
    for (;;) {
      const { value, done } = await events.next();
      if (done) return value;
      show(value);
    }
  } finally {
    line.end();
  }
}

const inWords = ({ workers, threads }: { readonly workers: number; readonly threads: number }): string =>
  workers === 0 ? "workers elsewhere paint the others" : `${counted(workers, "worker")} of ${counted(threads, "thread")} paint the others`;

/** Failures whose reasons are printed. */
const SHOWN = 3;

async function failedRuns(folder: SweepFolder, { failed }: SweepResult, plan: string): Promise<FailedRunsError> {
  const reasons = [...(await readFailed(folder))].slice(0, SHOWN).map(([key, { name, message }]) => `  ${key}: ${name}: ${message}`);
  return new FailedRunsError(
    [
      `${counted(failed, "run")} failed:`,
      ...reasons,
      ...(failed > SHOWN ? [`  and ${failed - SHOWN} more`] : []),
      `veduta sweep ${plan} --out ${folder.dir} --retry-failed tries them again.`,
    ].join("\n"),
  );
}

/** Says what is there and missing, and what that would take by the runs that are there. */
async function tellExpected(folder: SweepFolder, flags: Pick<SweepFlags, "workers" | "threads">, { stdout }: CliDeps): Promise<void> {
  const { all, there, failed, missing, secondsPerRun, bytesPerRun } = await sweepStatus(folder);
  stdout.write(`${counted(all, "run")}: ${there} there, ${failed} failed, ${missing} missing\n`);
  if (secondsPerRun === undefined || bytesPerRun === undefined)
    return void stdout.write("No run is there yet, so what they take is not known: paint a few first.\n");
  const { workers } = workerCount(flags, machineFor(folder.info.plan, folder.runs));
  stdout.write(
    `By those that are there, the missing ones take ${bytesInWords(missing * bytesPerRun)} and ${duration((missing * secondsPerRun) / workers)} with ${counted(workers, "worker")} here.\n`,
  );
}
