/** @file What follows when all runs of a sweep are there or have failed: its metrics and its report, unless they are of just these runs. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { fileExists } from "../core/files.js";
import { eventQueue } from "./event-queue.js";
import { type MeasureSweepOptions, measureSweep } from "./measure-sweep.js";
import type { SweepCounts, SweepEvent } from "./sweep-event.js";
import { type SweepFolder, TRUTH_FOLDERS } from "./sweep-folder.js";
import { REPORT_FILE, writeReport } from "./sweep-report.js";
import { type SweepRow, sweepRows } from "./sweep-rows.js";

/** Measures and reports a sweep whose runs are all there or have failed. @returns the report's file; undefined where runs are missing, or none is there */
export async function* finishSweep(
  folder: SweepFolder,
  counts: SweepCounts,
  options: MeasureSweepOptions,
): AsyncGenerator<SweepEvent, string | undefined, void> {
  const file = join(folder.dir, REPORT_FILE);
  if (await isFresh(folder, file)) return file;
  const rows = await sweepRows(folder);
  if (rows.some(({ state }) => state === "missing") || rows.every(({ state }) => state !== "there")) return undefined;
  yield* reportSweep(folder, rows, counts, options);
  return file;
}

/** Measures what the plan names, and writes the report. */
export async function* reportSweep(
  folder: SweepFolder,
  rows: readonly SweepRow[],
  counts: SweepCounts,
  options: MeasureSweepOptions,
): AsyncGenerator<SweepEvent, void, void> {
  const events = eventQueue<SweepEvent>();
  const progress = (done: number, of: number) => events.push({ kind: "measured", done, of, counts });
  const written = measureSweep(folder, rows, { ...options, progress }).then((measured) => writeReport(folder, rows, measured));
  written.then(
    () => events.end(),
    (error: unknown) => events.end(error),
  );
  yield* events;
  yield { kind: "report", file: await written, counts };
}

/** Whether the report was written after the last run came, or failed. */
async function isFresh({ dir, info }: SweepFolder, file: string): Promise<boolean> {
  const changed = async (path: string) => (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
  const written = await changed(file);
  const since = await Promise.all([...TRUTH_FOLDERS, "sweep.json"].map((name) => changed(join(dir, name))));
  return written > Math.max(...since) && (info.plan.measure === undefined || fileExists(join(dir, "measured.json")));
}
