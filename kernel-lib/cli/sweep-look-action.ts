/** @file The actions of `veduta sweep status`, `report` and `cancel`. */
import { counted, duration } from "../core/words.js";
import { progressLine } from "../display/progress-line.js";
import { reportSweep } from "../sweeps/finish-sweep.js";
import { openSweepFolder } from "../sweeps/sweep-folder.js";
import { sweepRows } from "../sweeps/sweep-rows.js";
import { prometheusText, type SweepStatus, sweepStatus } from "../sweeps/sweep-status.js";
import { type CliDeps, UsageError } from "./command.js";

/** The flags of `veduta sweep status`. */
export interface StatusFlags {
  readonly queue?: string;
  readonly json?: true;
  readonly prometheus?: true;
}

/** The flags of `veduta sweep cancel`. */
export interface CancelFlags {
  readonly queue?: string;
}

/** Prints how far a sweep is. @throws CheckpointError for a folder that is no sweep's */
export async function statusAction(dir: string, { json, prometheus, queue }: StatusFlags, { stdout }: CliDeps): Promise<void> {
  if (json && prometheus) throw new UsageError("--json and --prometheus are two forms; give one of them");
  const folder = await openSweepFolder(dir);
  const status = await sweepStatus(folder);
  const queued =
    queue === undefined ? undefined : await (await import("../sweeps/queue/queue-engine.js")).queueStatus(queue, folder).catch(wrongUrl);
  if (prometheus) return void stdout.write(`${prometheusText(status)}${queued?.prometheus ?? ""}`);
  if (json)
    return void stdout.write(
      `${JSON.stringify({ ...status, ...(queued && { queue: { jobs: queued.counts, workers: queued.workers } }) }, null, 2)}\n`,
    );
  stdout.write(statusText(dir, status));
  if (!queued) return;
  const jobs = Object.entries(queued.counts).filter(([, count]) => count > 0);
  const words = jobs.map(([state, count]) => `${count} ${state}`).join(", ") || "no run";
  stdout.write(`the queue of ${status.model.name}, of all its sweeps: ${words}; ${counted(queued.workers, "worker")}\n`);
}

/** Failures that are named. */
const SHOWN = 10;

function statusText(dir: string, { all, there, failed, missing, running, devices, secondsPerRun, failures }: SweepStatus): string {
  return [
    `${dir}: ${there} of ${counted(all, "run")} are there, ${failed} failed, ${missing} missing`,
    ...(running.length > 0 ? [`under way: ${running.map(({ key, host, pid }) => `${key} (${host}, process ${pid})`).join(", ")}`] : []),
    ...devices.map(({ device, version, runs }) => `${counted(runs, "run")} on ${device}, Veduta ${version}`),
    ...(secondsPerRun === undefined ? [] : [`a run takes ${duration(secondsPerRun)}`]),
    ...failures
      .slice(0, SHOWN)
      .map(({ key, error, attempts, host }) => `failed: ${key}, ${counted(attempts, "attempt")}, the last on ${host}: ${error}`),
    ...(failures.length > SHOWN ? [`and ${failures.length - SHOWN} more, in ${dir}/failed`] : []),
    "",
  ].join("\n");
}

/** Writes the report of what is there. */
export async function reportAction(dir: string, { stdout, stderr }: CliDeps): Promise<void> {
  const folder = await openSweepFolder(dir);
  const rows = await sweepRows(folder);
  const count = (state: string) => rows.filter((row) => row.state === state).length;
  const counts = { all: rows.length, there: count("there"), failed: count("failed") };
  const line = progressLine(stderr);
  for await (const event of reportSweep(folder, rows, counts, {})) {
    if (event.kind === "measured") line.show(event.done / event.of, `${event.done} of ${counted(event.of, "picture")} measured`);
    if (event.kind === "report") {
      line.end();
      stdout.write(`${event.file}\n`);
    }
  }
}

/** Takes a sweep's waiting runs out of the queue. @throws UsageError without a queue */
export async function cancelAction(dir: string, { queue }: CancelFlags, { stdout, stderr }: CliDeps): Promise<void> {
  if (queue === undefined) throw new UsageError("sweep cancel: got no --queue, want the address of the Redis that holds the sweep's runs");
  const folder = await openSweepFolder(dir);
  const { cancelSweep } = await import("../sweeps/queue/queue-engine.js");
  const taken = await cancelSweep(queue, folder, (text) => void stderr.write(`note: ${text}\n`)).catch(wrongUrl);
  stdout.write(`${counted(taken, "waiting run")} taken out of the queue; those under way stop within one network call\n`);
}

/** A wrong address is a wrong word of the command. */
export const wrongUrl = (error: unknown): never => {
  throw error instanceof RangeError ? new UsageError(error.message, { cause: error }) : error;
};
