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
export async function statusAction(dir: string, { json, prometheus }: StatusFlags, { stdout }: CliDeps): Promise<void> {
  if (json && prometheus) throw new UsageError("--json and --prometheus are two forms; give one of them");
  const status = await sweepStatus(await openSweepFolder(dir));
  if (json) stdout.write(`${JSON.stringify(status, null, 2)}\n`);
  else stdout.write(prometheus ? prometheusText(status) : statusText(dir, status));
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
    if (event.kind === "measured") line.show(event.done / event.of, () => `measured ${event.done} of ${counted(event.of, "picture")}`);
    if (event.kind === "report") {
      line.end();
      stdout.write(`${event.file}\n`);
    }
  }
}

/** Takes a sweep's runs out of the queue. */
export async function cancelAction(_dir: string, { queue }: CancelFlags, _deps: CliDeps): Promise<void> {
  if (queue === undefined) throw new UsageError("sweep cancel: got no --queue, want the URL of the Redis that holds the sweep's runs");
}
