/** @file `npm run models:train -- --status`: how far each part of the queue is, and what was measured last. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { QUEUE } from "./queue.js";
import type { StateFiles } from "./state.js";
import { readProgress } from "./state.js";
import { logFile, measuresFile } from "./train.js";

export function printStatus(files: StateFiles): void {
  const lines = QUEUE.map(({ name, steps }) => {
    const progress = readProgress(name, files);
    const last = lastRow(logFile(files, name));
    return {
      part: name,
      steps: `${Math.min(progress.step - progress.begun, steps)} of ${steps}`, // a shipped branch counts those of what it began with too
      hours: (progress.seconds / 3600).toFixed(2),
      "rows/s": last.rows ?? "",
      loss: last.loss ?? "",
      ...lastRow(measuresFile(files, name)),
    };
  });
  console.table(lines.map(({ step: _, seconds: __, ...rest }: Record<string, unknown>) => rest));
  const sheet = join(files.folder, "sheet.png");
  if (existsSync(sheet)) console.log(`sheet (drawings, reconstructions, windows): ${sheet}`);
}

/** The last row of a CSV file by its column's names; nothing where there is no file. */
function lastRow(file: string): Record<string, string> {
  if (!existsSync(file)) return {};
  const [header, ...rows] = readFileSync(file, "utf8").trim().split("\n");
  const names = header.split(",");
  return Object.fromEntries((rows.at(-1) ?? "").split(",").map((value, k) => [names[k], value]));
}
