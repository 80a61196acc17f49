/** @file What the dual encoder finds: the right prompt for fresh drawings, and whether other wordings of the prompts give the same answers. */
import { createRng } from "../../../kernel-lib/core/random.js";
import { rows, stack, type Tensor } from "../../../kernel-lib/core/tensor.js";
import type { DualEncoder } from "../../../kernel-lib/diffusion/capabilities.js";
import { openModel } from "../../../kernel-lib/pipelines/open-model.js";
import { TERRAIN_WORDS, TIME_WORDS } from "../world/captions.js";
import { freshCrops, TIMED } from "./windows.js";

/** Fresh drawings of the measure. */
const DRAWINGS = 500;
/** How often all prompts are worded otherwise. */
const ROUNDS = 8;
const SEED = 12_000;
/** Pictures of one call. */
const CHUNK = 50;

/** Measures the dual encoder of a folder: see `retrieval`. */
export async function measureDual(folder: string): Promise<Readonly<Record<string, number>>> {
  const model = await openModel(folder, { device: "cpu" });
  try {
    const { images, of } = freshCrops(DRAWINGS);
    return await retrieval(model, images, of);
  } finally {
    await model.close();
  }
}

/**
 * Shares of pictures whose nearest of the 30 prompts "TERRAIN at TIME" names their time, their terrain and both; and of answers that stay the same
 * where every prompt's terrain and time are worded otherwise.
 * @param images [N,3,128,128] in [-1,1]
 */
export async function retrieval(
  dual: DualEncoder,
  images: Tensor,
  of: readonly { readonly time: string; readonly terrain: string }[],
): Promise<{ readonly time: number; readonly terrain: number; readonly both: number; readonly wordings: number }> {
  const [n] = images.shape;
  const parts: Tensor[] = [];
  for (let at = 0; at < n; at += CHUNK) parts.push(await dual.embedImages(rows(images, at, Math.min(at + CHUNK, n))));
  const vectors = stack(parts);
  const answers = nearest(vectors, await dual.embedPrompts(TIMED.map(({ prompt }) => prompt)));
  const share = (right: (k: number) => boolean) => answers.filter((_, k) => right(k)).length / n;
  const [time, terrain] = (["time", "terrain"] as const).map((what) => (k: number) => TIMED[answers[k]][what] === of[k][what]);
  const rng = createRng(SEED);
  const pick = (words: readonly string[]) => words[rng.below(words.length)];
  let same = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const worded = TIMED.map((asked) => `${pick(TERRAIN_WORDS[asked.terrain])} ${pick(TIME_WORDS[asked.time ?? "noon"].after)}`);
    const others = nearest(vectors, await dual.embedPrompts(worded));
    same += others.filter((answer, k) => answer === answers[k]).length;
  }
  return { time: share(time), terrain: share(terrain), both: share((k) => time(k) && terrain(k)), wordings: same / (ROUNDS * n) };
}

/** For each row of a [N,E] the row of b [K,E] with the largest product. */
function nearest(a: Tensor, b: Tensor): number[] {
  const [[n, width], [count]] = [a.shape, b.shape];
  return Array.from({ length: n }, (_, k) => {
    const products = Array.from({ length: count }, (_, j) => {
      let sum = 0;
      for (let e = 0; e < width; e++) sum += a.data[k * width + e] * b.data[j * width + e];
      return sum;
    });
    return products.indexOf(Math.max(...products));
  });
}
