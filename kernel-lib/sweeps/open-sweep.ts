/** @file A sweep's folder, opened for code: its plan, its runs, those that failed and those that are missing. */
import type { SavedRun } from "../runs/run-folder.js";
import type { SweepPlan } from "./plan.js";
import type { FailedRun, SweepRun } from "./sweep-folder.js";

/** A run that is there. */
export interface SavedSweepRun extends SavedRun, SweepRun {}
/** A run that failed. */
export interface FailedSweepRun extends SweepRun, FailedRun {}

/** An opened sweep; each list is in the plan's order. */
export interface OpenedSweep {
  readonly plan: SweepPlan;
  readonly runs: readonly SavedSweepRun[];
  readonly failed: readonly FailedSweepRun[];
  readonly missing: readonly SweepRun[];
}

/** Options of `openSweep`. */
export interface OpenSweepOptions {
  /** opens only the runs that it takes; default all. Each opened run has its picture in memory */
  readonly where?: (run: SweepRun) => boolean;
}

/**
 * Opens a sweep's folder, whether all its runs are there or not.
 * @throws CheckpointError for a folder that is no sweep's
 * @example
 * const { runs, missing } = await openSweep("out", { where: ({ method }) => method === "sync" });
 */
export async function openSweep(dir: string, { where = () => true }: OpenSweepOptions = {}): Promise<OpenedSweep> {
  const { openRun } = await import("../runs/run-folder.js"); // loaded with the first folder
  const { openSweepFolder, readFailed, runFolder, runsThere } = await import("./sweep-folder.js");
  const folder = await openSweepFolder(dir);
  const [there, failures] = [await runsThere(folder), await readFailed(folder)];
  const runs: SavedSweepRun[] = [];
  const failed: FailedSweepRun[] = [];
  const missing: SweepRun[] = [];
  for (const run of folder.runs.filter(where)) {
    const failure = failures.get(run.key);
    if (there.has(run.key)) runs.push({ ...run, ...(await openRun(runFolder(dir, run.key))) });
    else if (failure) failed.push({ ...run, ...failure });
    else missing.push(run);
  }
  return { plan: folder.info.plan, runs, failed, missing };
}
