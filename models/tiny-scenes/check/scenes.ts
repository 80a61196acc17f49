/** @file `npm run models:check -- scenes`: the quality of tiny-scenes. Rows whose parts are not trained yet are left out, and the file that is missing is named. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openPyramidModel } from "../../../kernel-lib/methods/pyramid/open-pyramid-model.js";
import type { Judge } from "../../tiny-landscapes/check/judge.js";
import type { Line } from "../../tiny-landscapes/check/table.js";
import { graphRows, labelRows, layoutRows, promptRows, type ScenesChecked } from "./asked-rows.js";
import { codeRows, finderRows } from "./code-rows.js";
import { distanceRows } from "./distance-rows.js";
import { movedRows, secondsRows } from "./edit-rows.js";
import { openFinder } from "./finder.js";

export interface ScenesCheck {
  readonly folder: string;
  readonly judge: Judge;
  /** where pictures are written */
  readonly pictures: string;
  readonly threads: number;
  /** conditions of each kind */
  readonly count: number;
  /** pictures of a distance */
  readonly distance: number;
}

/** The rows that a folder's parts allow. */
export async function sceneLines({ folder, judge, pictures, threads, count, distance }: ScenesCheck): Promise<Line[]> {
  const has = (...parts: readonly string[]) => {
    const missing = parts.map((part) => join(folder, part)).find((path) => !existsSync(path));
    if (missing) console.error(`scenes: ${missing} is missing; rows that need it are left out`);
    return !missing;
  };
  const lines: Line[] = [];
  const add = async (name: string, rows: () => Promise<Line[]>) => {
    const began = Date.now();
    lines.push(...(await rows()));
    console.error(`scenes, ${name}: ${((Date.now() - began) / 1000).toFixed(0)} s`);
  };
  if (has("first_stage")) await add("codes", () => codeRows(folder, judge, pictures));
  if (has("finder")) await add("finder", () => finderRows(folder, count));
  if (!has("first_stage", "finder", "unet", "condition")) return lines;
  const [model, finder] = [await openPyramidModel(folder, { device: "cpu", threads }), await openFinder(folder, threads)];
  const checked: ScenesChecked = { model, folder, finder, judge, pictures, count };
  try {
    await add("seconds", () => secondsRows(checked));
    await add("layouts", () => layoutRows(checked));
    await add("labels", () => labelRows(checked));
    await add("graphs", () => graphRows(checked));
    await add("prompts", () => promptRows(checked));
    await add("moved", () => movedRows(checked));
    await add("distance", () => distanceRows(checked, distance));
  } finally {
    await finder.close();
    await model.close();
  }
  return lines;
}
