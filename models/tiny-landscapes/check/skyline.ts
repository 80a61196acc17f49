/** @file The ControlNet that follows a skyline: the v-loss with and without it, and how far a painted skyline is from the asked one. */
import { lineThrough } from "../../../kernel-lib/conditions/horizon.js";
import { createRng } from "../../../kernel-lib/core/random.js";
import type { Tensor } from "../../../kernel-lib/core/tensor.js";
import { rows } from "../../../kernel-lib/core/tensor.js";
import { openModel } from "../../../kernel-lib/pipelines/open-model.js";
import { DRAWING_WIDTH, SEEDS, writeCrop } from "../train/drawings.js";
import { CANDIDATE } from "../train/folder.js";
import { caption, type Kind } from "../world/captions.js";
import { drawLabelled } from "../world/landscape.js";
import { skylineRows } from "../world/skyline.js";
import { vLossesOf } from "./progress.js";
import { mean } from "./statistics.js";
import { SIDE } from "./windows.js";

/** Windows whose v-loss is measured. */
const WINDOWS = 120;
/** The first drawing of the seed that is fresh for no other measure. */
const FROM = 500_000;

/** Windows of drawings that no training sees, what they show, and the skyline of each as a white line. */
function freshSkylines(count: number): { readonly images: Tensor; readonly conditions: Tensor; readonly of: readonly Kind[] } {
  const rng = createRng(SEEDS.fresh + 7);
  const plane = SIDE * SIDE;
  const [images, conditions] = [new Float32Array(count * 3 * plane), new Float32Array(count * 3 * plane)];
  const of = Array.from({ length: count }, (_, n) => {
    const drawing = drawLabelled(createRng(SEEDS.fresh * 1_000_000 + FROM + n), { width: DRAWING_WIDTH });
    const left = rng.below(DRAWING_WIDTH - SIDE + 1);
    writeCrop(images, n * 3 * plane, drawing, left, 0, SIDE, false);
    const { data } = lineThrough(skylineRows(drawing).subarray(left, left + SIDE), { width: SIDE, height: SIDE });
    for (let c = 0; c < 3; c++) conditions.set(data, (3 * n + c) * plane);
    return drawing;
  });
  const shape = [count, 3, SIDE, SIDE];
  return { images: { data: images, shape }, conditions: { data: conditions, shape }, of };
}

/** The v-loss of fixed fresh windows with the ControlNet and without it. */
export async function measureSkyline(): Promise<Readonly<Record<string, number>>> {
  const model = await openModel(CANDIDATE, { device: "cpu", control: "skyline" });
  try {
    const { images, conditions, of } = freshSkylines(WINDOWS);
    const losses = (controlled: boolean) =>
      vLossesOf(model, images, createRng(SEEDS.fresh + 8), async (latent, timestep, n) => {
        const text = await model.encodeText([caption(createRng(n), of[n])]);
        const controls = [{ net: 0, scale: 1, mode: "balanced", image: rows(conditions, n, n + 1) } as const];
        return model.predictNoise(latent, { timestep, text, guidanceScale: 1, ...(controlled && { controls }) });
      });
    return { vLoss: mean(await losses(true)), vLossAlone: mean(await losses(false)) };
  } finally {
    await model.close();
  }
}
