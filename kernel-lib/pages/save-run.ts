/** @file Saves a run with its report, from records that are in memory. */
import type { Tensor } from "../core/tensor.js";
import type { SavedRun } from "../runs/run-folder.js";
import { reportData } from "../runs/run-pictures.js";
import { createRunWriter, type RunHead, type RunStep, type RunWriterOptions } from "../runs/run-writer.js";
import { report } from "./report.js";

/** Writes a run's folder from records that are in memory. Without a result the run counts as stopped. */
export async function saveRun(
  dir: string,
  run: RunHead & { readonly steps: readonly RunStep[]; readonly result?: { readonly panorama: Tensor } },
  options: Omit<RunWriterOptions, "page"> = {},
): Promise<SavedRun> {
  const { steps, result, ...head } = run;
  const writer = await createRunWriter(dir, head, { ...options, page: report });
  for (const step of steps) await writer.step(step);
  return result ? writer.finish(result) : writer.abort("it was saved before its end");
}

/** Makes the report of a saved run as one HTML page. */
export const reportRun = async (run: SavedRun): Promise<string> => report(await reportData(run.dir, run));
