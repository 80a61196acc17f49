/** @file Drawings to edit from one time of day to another, and edits of all of them at once. */
import { createRng } from "../../../kernel-lib/core/random.js";
import { rows, stack, type Tensor } from "../../../kernel-lib/core/tensor.js";
import type { EditRun } from "../../../kernel-lib/methods/edit/edit-step.js";
import { directionalScore } from "../../../kernel-lib/metrics/dual-score.js";
import { structure } from "../../../kernel-lib/metrics/structure.js";
import type { Model } from "../../../kernel-lib/pipelines/model.js";
import { type Kind, TERRAINS, TIMES } from "../world/captions.js";
import { drawLandscape } from "../world/landscape.js";
import type { Judge } from "./judge.js";
import { AT, SIDE } from "./windows.js";

/** A drawing, its prompt, and the prompt of the edit. */
export interface EditCase {
  readonly terrain: Kind["terrain"];
  readonly from: Kind["time"];
  readonly to: Kind["time"];
  readonly sourcePrompt: string;
  readonly prompt: string;
}

/** Drawings of a kind that no training sees. */
const SEED = 7_000_000;

/** A drawing of a landscape in clear weather: [1,3,128,width] in [-1,1]. */
export function drawnPicture(seed: number, { time, terrain }: Pick<Kind, "time" | "terrain">, width: number = SIDE): Tensor {
  const { pixels } = drawLandscape(createRng(seed), { width, time, terrain, weather: "clear" });
  const plane = SIDE * width;
  const data = new Float32Array(3 * plane);
  for (let k = 0; k < plane; k++) for (let c = 0; c < 3; c++) data[c * plane + k] = pixels[3 * k + c] / 127.5 - 1;
  return { data, shape: [1, 3, SIDE, width] };
}

/** Every terrain with every ordered pair of different times, 120 in all; `count` of them, evenly spread. */
export function editCases(count: number): { readonly cases: readonly EditCase[]; readonly images: Tensor } {
  const all = TERRAINS.flatMap((terrain) =>
    TIMES.flatMap((from) => TIMES.filter((to) => to !== from).map((to) => ({ terrain, from, to }))),
  ).map((each) => ({ ...each, sourcePrompt: `${each.terrain} ${AT[each.from]}`, prompt: `${each.terrain} ${AT[each.to]}` }));
  const cases = Array.from(
    { length: Math.min(count, all.length) },
    (_, k) => all[Math.floor((k * all.length) / Math.min(count, all.length))],
  );
  const images = stack(cases.map(({ terrain, from }, k) => drawnPicture(SEED + k, { terrain, time: from }))); // [N,3,128,128]
  return { cases, images };
}

/** Embeddings of a prompt for each case, [N,2,tokens,dim]: negative prompt, then prompt. */
export async function textsOf(model: Model, prompts: readonly string[]): Promise<Tensor> {
  const each = await Promise.all(prompts.map((prompt) => model.encodeText(["", prompt])));
  const { shape } = each[0];
  return { data: Float32Array.from(each.flatMap(({ data }) => [...data])), shape: [prompts.length, ...shape] };
}

/** What became of one case. */
export interface Outcome {
  readonly time: boolean;
  readonly terrain: boolean;
  /** SSIM to the source without colour and contrast */
  readonly structure: number;
  readonly directional: number;
}

export const success = ({ time, terrain }: Outcome): number => Number(time && terrain);

/** Runs an edit to its end. */
export async function finished(run: EditRun) {
  for (;;) {
    const next = await run.next();
    if (next.done) return next.value;
  }
}

/** What the judge, the structure and the directional score say of edited pictures. @param edited [N,3,128,128] in [0,1] */
export async function outcomes(model: Model, judge: Judge, cases: readonly EditCase[], images: Tensor, edited: Tensor): Promise<Outcome[]> {
  const source = unit(images);
  const seen = await judge.look({ data: edited.data.map((x) => 2 * x - 1), shape: edited.shape });
  const kept = structure(source, edited);
  const found: Outcome[] = [];
  for (const [k, { terrain, to, sourcePrompt, prompt }] of cases.entries()) {
    const [directional] = await directionalScore(model, {
      source: rows(source, k, k + 1),
      edited: rows(edited, k, k + 1),
      sourcePrompt,
      prompt,
    });
    const { kind } = seen[k];
    found.push({ time: kind.time === to, terrain: kind.terrain === terrain, structure: kept[k], directional });
  }
  return found;
}

/** [-1,1] -> [0,1] */
export const unit = ({ data, shape }: Tensor): Tensor => ({ data: data.map((x) => (x + 1) / 2), shape });
