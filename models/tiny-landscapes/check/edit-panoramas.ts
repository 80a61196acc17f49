/** @file Closed panoramas edited in windows from noon to night: whether every window turns, and whether the seam still closes. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodePng } from "../../../kernel-lib/core/image.js";
import { stack, type Tensor } from "../../../kernel-lib/core/tensor.js";
import { cycleDiffusion } from "../../../kernel-lib/methods/edit/cyclediffusion.js";
import { crop } from "../../../kernel-lib/methods/joint/fuse.js";
import type { Model } from "../../../kernel-lib/pipelines/model.js";
import { TERRAINS } from "../world/captions.js";
import { drawnPicture, finished, unit } from "./edit-cases.js";
import type { Judge } from "./judge.js";
import { bootstrapInterval, mean } from "./statistics.js";
import { type Line, line, percent } from "./table.js";
import { SIDE } from "./windows.js";

const SEED = 7_100_000;
const WIDTH = 6 * SIDE;
const STEPS = 50;

/** One panorama of each terrain. */
export async function editedPanoramas({
  model,
  judge,
  pictures,
}: {
  readonly model: Model;
  readonly judge: Judge;
  readonly pictures: string;
}): Promise<Line[]> {
  const night: number[] = [];
  const seams: number[] = [];
  for (const [k, terrain] of TERRAINS.entries()) {
    const image = drawnPicture(SEED + k, { terrain, time: "noon" }, WIDTH); // [1,3,128,768], its edges meet
    const options = { sourcePrompt: `${terrain} at noon`, prompt: `${terrain} at night`, steps: STEPS, seed: k, loop: true };
    const { image: edited } = await finished(cycleDiffusion(model, { image, ...options }));
    const windows = Array.from({ length: 6 }, (_, j) => crop(edited, { top: 0, left: j * SIDE, height: SIDE, width: SIDE }));
    const seen = await judge.look({ data: stack(windows).data.map((x) => 2 * x - 1), shape: [6, 3, SIDE, SIDE] });
    night.push(...seen.map(({ kind }) => Number(kind.time === "night")));
    seams.push(seam(edited) / seam(unit(image)));
    await writeFile(join(pictures, `edited-panorama-${terrain}.png`), await encodePng(edited));
  }
  return [
    line({
      what: `${night.length} windows of ${TERRAINS.length} closed panoramas, noon to night: night`,
      value: mean(night),
      interval: bootstrapInterval(night, mean),
      bounds: { floor: 0.9, aim: 1, better: "higher" },
      show: percent,
    }),
    line({
      what: "difference across the seam, over that of neighbouring columns, of the source's",
      value: mean(seams),
      interval: bootstrapInterval(seams, mean),
      bounds: { floor: 1.25, aim: 1, better: "lower" },
    }),
  ];
}

/** Mean difference of the last and the first column, over the mean difference of neighbouring columns. */
function seam({ data, shape: [, , height, width] }: Tensor): number {
  const step = (x: number) => {
    let sum = 0;
    for (let row = 0; row < 3 * height; row++) sum += Math.abs(data[row * width + ((x + 1) % width)] - data[row * width + x]);
    return sum;
  };
  return step(width - 1) / mean(Array.from({ length: width - 1 }, (_, x) => step(x)));
}
