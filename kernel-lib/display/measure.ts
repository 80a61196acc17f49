/** @file Folders of pictures measured in a notebook. */
import type { MeasureByNameOptions } from "../runs/measure/measure-by-name.js";
import type { Measured } from "../runs/measure/measure-folders.js";
import type { Displayable } from "./display.js";
import { table } from "./table.js";

/**
 * Measures folders of pictures or runs, as `veduta measure` does, and shows the numbers as a table: n and a 95 % interval for each, and the difference
 * to the first folder, picture by picture.
 * @param dirs one folder or several
 * @throws CheckpointError for a folder without pictures, or a network that has not been pulled; RangeError for a metric that no network gives
 * @example await (await measure(["runs/multi", "runs/sync"])).show();
 */
export async function measure(dirs: string | readonly string[], options: MeasureByNameOptions = {}): Promise<Measured & Displayable> {
  const { measureByName } = await import("../runs/measure/measure-by-name.js"); // metrics and their networks
  const { measureRows } = await import("../pages/measure-page.js");
  const measured = await measureByName(typeof dirs === "string" ? [dirs] : dirs, options);
  return { ...measured, ...table(measureRows(measured)) };
}
