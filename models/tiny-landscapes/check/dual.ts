/** @file What the dual encoder finds: the right prompt for fresh drawings, and whether other wordings of the prompts give the same answers. */
import { createRng } from "../../../kernel-lib/core/random.js";
import { rows, stack, type Tensor } from "../../../kernel-lib/core/tensor.js";
import type { DualEncoder } from "../../../kernel-lib/diffusion/capabilities.js";
import { openModel } from "../../../kernel-lib/pipelines/open-model.js";
import { type Kind, TERRAIN_WORDS, TIME_WORDS } from "../world/captions.js";
import { bootstrapInterval, mean } from "./statistics.js";
import { type Line, line, type Measure, percent } from "./table.js";
import { freshCrops, TIMED } from "./windows.js";

/** Fresh drawings of the measure. */
const DRAWINGS = 500;
/** How often all prompts are worded otherwise. */
const ROUNDS = 8;
const SEED = 12_000;
/** Pictures of one call. */
const CHUNK = 50;

/** Measures the dual encoder of a folder: means of `retrieved`. */
export async function measureDual(folder: string): Promise<Readonly<Record<string, number>>> {
  const model = await openModel(folder, { device: "cpu" });
  try {
    const all = await retrieved(model, freshCrops(DRAWINGS));
    const share = (value: (one: Retrieved) => number) => mean(all.map(value));
    return { time: share(({ time }) => time), terrain: share(({ terrain }) => terrain), wordings: share(({ wordings }) => wordings) };
  } finally {
    await model.close();
  }
}

/** The same as lines of the table, as the energies and the directional score need it. */
export async function dualLines(dual: DualEncoder): Promise<Line[]> {
  const all = await retrieved(dual, freshCrops(DRAWINGS));
  const share = (what: string, of: (one: Retrieved) => number, bounds?: Measure["bounds"]) => {
    const value = (some: readonly Retrieved[]) => mean(some.map(of));
    const name = `the dual encoder, on ${DRAWINGS} fresh drawings: ${what}`;
    return line({ what: name, value: value(all), interval: bootstrapInterval(all, value), bounds, show: percent });
  };
  return [
    share("time", ({ time }) => time, { floor: 0.95, aim: 0.98, better: "higher" }),
    share("terrain", ({ terrain }) => terrain, { floor: 0.9, aim: 0.95, better: "higher" }),
    share("same answer in other words", ({ wordings }) => wordings),
  ];
}

/** What one picture's nearest of the 30 prompts "TERRAIN at TIME" says. */
export interface Retrieved {
  /** 1 where it names the picture's time, else 0 */
  readonly time: number;
  readonly terrain: number;
  /** how often the answer stays the same where every prompt's terrain and time are worded otherwise, 0 to 1 */
  readonly wordings: number;
}

/** Asks the dual encoder for the prompt of every picture, [N,3,128,128] in [-1,1]. */
export async function retrieved(
  dual: DualEncoder,
  { images, of }: { readonly images: Tensor; readonly of: readonly Kind[] },
): Promise<Retrieved[]> {
  const [n] = images.shape;
  const parts: Tensor[] = [];
  for (let at = 0; at < n; at += CHUNK) parts.push(await dual.embedImages(rows(images, at, Math.min(at + CHUNK, n))));
  const vectors = stack(parts); // [N,E]
  const answers = nearest(vectors, await dual.embedPrompts(TIMED.map(({ prompt }) => prompt)));
  const rng = createRng(SEED);
  const pick = (words: readonly string[]) => words[rng.below(words.length)];
  const same = new Float64Array(n);
  for (let round = 0; round < ROUNDS; round++) {
    const worded = TIMED.map(({ terrain, time = "noon" }) => `${pick(TERRAIN_WORDS[terrain])} ${pick(TIME_WORDS[time].after)}`);
    const others = nearest(vectors, await dual.embedPrompts(worded));
    for (const [k, answer] of others.entries()) same[k] += Number(answer === answers[k]) / ROUNDS;
  }
  return answers.map((answer, k) => ({
    time: Number(TIMED[answer].time === of[k].time),
    terrain: Number(TIMED[answer].terrain === of[k].terrain),
    wordings: same[k],
  }));
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
