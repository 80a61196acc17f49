/** @file How far a sweep is, as its folder says. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type PartialRun, runningPartials } from "./partial-runs.js";
import { readFailed, runFolder, runsThere, type SweepFolder } from "./sweep-folder.js";
import { tally } from "./sweep-report.js";

/** How far a sweep is. */
export interface SweepStatus {
  readonly id: string;
  readonly model: { readonly name: string; readonly digest: string };
  readonly all: number;
  readonly there: number;
  readonly failed: number;
  readonly missing: number;
  /** runs that are being written now, as far as this machine can say */
  readonly running: readonly PartialRun[];
  /** where the runs that are there were made */
  readonly devices: readonly { readonly device: string; readonly version: string; readonly runs: number }[];
  /** mean of a run that is there; absent while none is */
  readonly secondsPerRun?: number;
  /** mean of those that were looked at; absent while none is there */
  readonly bytesPerRun?: number;
  readonly failures: readonly { readonly key: string; readonly error: string; readonly attempts: number; readonly host: string }[];
}

/** Folders whose sizes are summed, for the mean. */
const SIZED = 100;

/** Reads a sweep's folder. */
export async function sweepStatus(folder: SweepFolder): Promise<SweepStatus> {
  const { dir, runs, info } = folder;
  const there = await runsThere(folder);
  const failed = [...(await readFailed(folder))].filter(([key]) => !there.has(key));
  const running = (await runningPartials(dir)).filter(({ key }) => !there.has(key));
  const facts = [...there.values()];
  const sized = [...there.keys()].slice(0, SIZED);
  let bytes = 0;
  for (const key of sized) bytes += await folderBytes(runFolder(dir, key));
  const places = tally(facts.map(({ device, precision, version }) => JSON.stringify([`${device} ${precision}`, version])));
  return {
    id: info.id,
    model: info.model,
    all: runs.length,
    there: there.size,
    failed: failed.length,
    missing: runs.length - there.size - failed.length,
    running,
    devices: places.map(([words, count]) => {
      const [device, version] = JSON.parse(words) as [string, string];
      return { device, version, runs: count };
    }),
    ...(facts.length > 0 && {
      secondsPerRun: facts.reduce((sum, { seconds }) => sum + seconds, 0) / facts.length,
      bytesPerRun: bytes / sized.length,
    }),
    failures: failed.map(([key, { name, message, attempts, host }]) => ({ key, error: `${name}: ${message}`, attempts, host })),
  };
}

async function folderBytes(dir: string): Promise<number> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true });
  const sizes = await Promise.all(
    entries.map(async (entry) => (entry.isFile() ? (await stat(join(entry.parentPath ?? entry.path, entry.name))).size : 0)),
  );
  return sizes.reduce((a, b) => a + b, 0);
}

/** A status as Prometheus' text. */
export function prometheusText({ id, there, failed, missing, running, secondsPerRun }: SweepStatus): string {
  const states = { there, failed, missing, running: running.length };
  return [
    "# HELP veduta_sweep_runs Runs of a sweep, by what its folder says of them; running ones are missing still.",
    "# TYPE veduta_sweep_runs gauge",
    ...Object.entries(states).map(([state, count]) => `veduta_sweep_runs{sweep="${id}",state="${state}"} ${count}`),
    ...(secondsPerRun === undefined
      ? []
      : [
          "# HELP veduta_sweep_run_seconds Mean duration of a run that is there.",
          "# TYPE veduta_sweep_run_seconds gauge",
          `veduta_sweep_run_seconds{sweep="${id}"} ${secondsPerRun}`,
        ]),
    "",
  ].join("\n");
}
