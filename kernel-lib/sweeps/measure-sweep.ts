/** @file Metrics of a sweep: each variant is a group of pictures, paired with the first one's by what they show and their seeds. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeWhole } from "../core/write-whole.js";
import type { DeviceChoice } from "../engine/device.js";
import { runPicture } from "../runs/measure/found-pictures.js";
import { type MeasureByNameOptions, measureByName } from "../runs/measure/measure-by-name.js";
import type { Measured } from "../runs/measure/measure-folders.js";
import { runFolder, type SweepFolder } from "./sweep-folder.js";
import type { SweepRow } from "./sweep-rows.js";

/** File of what was measured. */
const MEASURED_FILE = "measured.json";

/** Options of `measureSweep`. */
export interface MeasureSweepOptions extends Pick<MeasureByNameOptions, "progress" | "signal" | "threads"> {
  readonly device?: DeviceChoice;
}

/** Measures what the plan names, unless it was measured since the last run came; undefined where the plan names nothing, or no run is there. */
export async function measureSweep(
  { dir, info }: SweepFolder,
  rows: readonly SweepRow[],
  options: MeasureSweepOptions = {},
): Promise<Measured | undefined> {
  const made = rows.filter(({ state }) => state === "there");
  const { measure, model } = info.plan;
  if (measure === undefined || made.length === 0) return undefined;
  const file = join(dir, MEASURED_FILE);
  const known = await readFile(file, "utf8").then(
    (text) => JSON.parse(text) as { readonly measure: unknown; readonly measured: Measured },
    () => undefined,
  );
  const count = known?.measured.folders.reduce((sum, { pictures }) => sum + pictures.length, 0);
  if (known && count === made.length && JSON.stringify(known.measure) === JSON.stringify(measure)) return known.measured;
  const groups = [...new Set(made.map(({ variant }) => variant))].map((variant) => ({
    dir: join(dir, "measured", variant.replaceAll(/[^\w.,= -]/g, "_")),
    pictures: made
      .filter((row) => row.variant === variant)
      .map(({ run, subject }) => ({ ...runPicture(runFolder(dir, run.key)), key: `${subject}, seed ${String(run.options.seed)}` })),
  }));
  const measured = await measureByName(groups, { ...options, ...measure, ...(info.plan.command !== "scene" && { model }) });
  await writeWhole(file, `${JSON.stringify({ measure, measured })}\n`);
  return measured;
}
