/** @file Saves a run with its report, from records that are in memory. */
import { dirname, join } from "node:path";
import { writeWhole } from "../core/write-whole.js";
import type { SavedRun } from "../runs/run-folder.js";
import type { RunHead } from "../runs/run-head.js";
import { reportData } from "../runs/run-pictures.js";
import { createRunWriter, type RunResult, type RunWriterOptions } from "../runs/run-writer.js";
import type { AnyRunStep } from "../runs/step-numbers.js";
import { libraryFile, libraryText } from "./display-library.js";
import { report } from "./report.js";

/**
 * "embedded": the report is one file of about 0.7 MB more than its pictures. "shared": the viewer's script lies beside the run's folder, and the
 * reports of all runs there use it. "none": no report.
 */
export type ReportKind = "embedded" | "shared" | "none";

/** How a run's writer makes its report. Writes the shared script if it is needed. */
export async function reportPage(dir: string, kind: ReportKind): Promise<RunWriterOptions["page"]> {
  if (kind === "none") return undefined;
  if (kind === "embedded") return (run) => report(run);
  const file = libraryFile("viewer");
  await writeWhole(join(dirname(dir), file), libraryText("viewer"));
  return (run) => report(run, { viewer: { src: `../${file}` } });
}

/** Options of `saveRun`. */
export interface SaveRunOptions extends Omit<RunWriterOptions, "page"> {
  /** default "embedded" */
  readonly report?: ReportKind;
}

/** Writes a run's folder from records that are in memory. Without a result the run counts as stopped. */
export async function saveRun(
  dir: string,
  run: RunHead & { readonly steps: readonly AnyRunStep[]; readonly result?: RunResult },
  { report: kind = "embedded", ...options }: SaveRunOptions = {},
): Promise<SavedRun> {
  const { steps, result, ...head } = run;
  const writer = await createRunWriter(dir, head, { ...options, page: await reportPage(dir, kind) });
  for (const step of steps) await writer.step(step);
  return result ? writer.finish(result) : writer.abort("it was saved before its end");
}

/** Makes the report of a saved run as one HTML page. */
export const reportRun = async (run: SavedRun): Promise<string> => report(await reportData(run.dir, run));
