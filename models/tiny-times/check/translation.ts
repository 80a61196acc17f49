/** @file Unpaired translation from noon to night by the two models: what the judge sees, and how much of the source stays. */
import { writeFile } from "node:fs/promises";
import { encodePng } from "../../../kernel-lib/core/image.js";
import { rows, stack, type Tensor } from "../../../kernel-lib/core/tensor.js";
import { translate } from "../../../kernel-lib/methods/edit/translate.js";
import { structure } from "../../../kernel-lib/metrics/structure.js";
import type { UnconditionalModel } from "../../../kernel-lib/pipelines/model.js";
import { openModel } from "../../../kernel-lib/pipelines/open-model.js";
import { drawnPicture, finished, unit } from "../../tiny-landscapes/check/edit-cases.js";
import { openJudge } from "../../tiny-landscapes/check/judge.js";
import { bootstrapInterval, mean } from "../../tiny-landscapes/check/statistics.js";
import { type Line, line, percent } from "../../tiny-landscapes/check/table.js";
import { sideBySide } from "../../tiny-landscapes/check/windows.js";
import { FOLDER } from "../../tiny-landscapes/train/folder.js";
import { TERRAINS } from "../../tiny-landscapes/world/captions.js";
import { paintPictures } from "./measures.js";

const SEED = 7_200_000;
/** Drawings of each terrain. */
const EACH = 10;
const SHOWN = 12;
/** Pictures of one run. */
const BATCH = 20;
const STEPS = 100;

/** Translates noon drawings of every terrain. @param sheet a PNG: drawings above, translations below */
export async function translationLines(folders: { readonly noon: string; readonly night: string }, sheet: string): Promise<Line[]> {
  const [noon, night] = [
    await openModel<UnconditionalModel>(folders.noon, { device: "cpu" }),
    await openModel<UnconditionalModel>(folders.night, { device: "cpu" }),
  ];
  const judge = await openJudge(FOLDER, noon.threads);
  try {
    const asked = TERRAINS.flatMap((terrain) => Array<(typeof TERRAINS)[number]>(EACH).fill(terrain));
    const images = stack(asked.map((terrain, k) => drawnPicture(SEED + k, { terrain, time: "noon" }))); // [60,3,128,128]
    const parts: Tensor[] = [];
    for (let at = 0; at < asked.length; at += BATCH) {
      const image = rows(images, at, at + BATCH);
      parts.push((await finished(translate(noon, night, { image, steps: STEPS, seed: at }))).image);
    }
    const translated = stack(parts); // in [0,1]
    const others = await paintPictures(night, asked.length); // other night pictures, in [-1,1]
    const signed = { data: translated.data.map((x) => 2 * x - 1), shape: translated.shape };
    const seen = await judge.look(signed);
    const kept = structure(unit(images), translated);
    const clamped = { data: unit(others).data.map((x) => Math.min(1, Math.max(0, x))), shape: others.shape };
    const random = structure(unit(images), clamped);
    const chosen = Array.from({ length: SHOWN }, (_, k) => k * Math.floor(asked.length / SHOWN));
    const pick = (x: Tensor) => stack(chosen.map((k) => rows(x, k, k + 1)));
    await writeFile(sheet, await encodePng(sideBySide([pick(images), pick(signed)])));
    const what = `${asked.length} drawings of noon, translated to night (${STEPS} steps):`;
    const share = (name: string, hits: readonly number[]) =>
      line({
        what: `${what} ${name}`,
        value: mean(hits),
        interval: bootstrapInterval(hits, mean),
        bounds: { floor: 0.8, aim: 0.92, better: "higher" },
        show: percent,
      });
    const gains = kept.map((value, k) => value - random[k]);
    return [
      share(
        "time right",
        seen.map(({ kind }) => Number(kind.time === "night")),
      ),
      share(
        "terrain kept",
        seen.map(({ kind }, k) => Number(kind.terrain === asked[k])),
      ),
      line({
        what: `${what} structure, less a random night picture's`,
        value: mean(gains),
        interval: bootstrapInterval(gains, mean),
        bounds: { floor: 0.1, aim: 0.2, better: "higher" },
      }),
    ];
  } finally {
    await judge.close();
    await noon.close();
    await night.close();
  }
}
