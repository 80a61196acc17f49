/** @file `npm run models:check -- scenes`: the quality of tiny-scenes. Rows whose parts are not trained yet are left out, and the file that is missing is named. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { once } from "../../../kernel-lib/core/once.js";
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
  /** of SCENE_ROWS; default all */
  readonly rows?: readonly SceneRows[];
}

interface RowGroup {
  /** folders of the model */
  readonly needs: readonly string[];
  measure(check: ScenesCheck, opened: () => Promise<ScenesChecked>): Promise<Line[]>;
}

const painted = (measure: (checked: ScenesChecked, check: ScenesCheck) => Promise<Line[]>): RowGroup => ({
  needs: ["first_stage", "unet", "condition"],
  measure: async (check, opened) => measure(await opened(), check),
});

/** Groups of rows by name. */
export const SCENE_ROWS = {
  codes: { needs: ["first_stage"], measure: ({ folder, judge, pictures }) => codeRows(folder, judge, pictures) },
  finder: { needs: [], measure: ({ count }) => finderRows(count) },
  seconds: painted(secondsRows),
  layouts: painted(layoutRows),
  labels: painted(labelRows),
  graphs: painted(graphRows),
  prompts: painted(promptRows),
  moved: painted(movedRows),
  distance: painted((checked, { distance }) => distanceRows(checked, distance)),
} as const satisfies Record<string, RowGroup>;
export type SceneRows = keyof typeof SCENE_ROWS;

/** The rows that a folder's parts allow. */
export async function sceneLines(check: ScenesCheck): Promise<Line[]> {
  const { folder, judge, pictures, threads, count, rows = Object.keys(SCENE_ROWS) as SceneRows[] } = check;
  let close = async () => {};
  const opened = once(async (): Promise<ScenesChecked> => {
    const [model, finder] = [await openPyramidModel(folder, { device: "cpu", threads }), await openFinder(threads)];
    close = async () => {
      await finder.close();
      await model.close();
    };
    return { model, folder, finder, judge, pictures, count };
  });
  const lines: Line[] = [];
  try {
    for (const name of rows) {
      const { needs, measure }: RowGroup = SCENE_ROWS[name];
      const missing = needs.map((part) => join(folder, part)).find((path) => !existsSync(path));
      if (missing) {
        console.error(`scenes, ${name}: left out, ${missing} is missing`);
        continue;
      }
      const began = Date.now();
      lines.push(...(await measure(check, opened)));
      console.error(`scenes, ${name}: ${((Date.now() - began) / 1000).toFixed(0)} s`);
    }
  } finally {
    await close();
  }
  return lines;
}
