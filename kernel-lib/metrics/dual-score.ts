/** @file How well pictures fit prompts, and edits the change of prompts, by a dual encoder: CLIP's score and directional score. */
import type { Tensor } from "../core/tensor.js";
import type { DualEncoder } from "../diffusion/capabilities.js";

/**
 * Cosine of each picture and its prompt; higher fits better. CLIP's score is 100 times this, with CLIP's encoders. It is not clamped at 0:
 * torchmetrics does that after the mean, others before it.
 * @param images [N,3,H,W] in [0,1], as a run returns it  @param prompts one for all, or one each
 * @returns N numbers from -1 to 1
 * @throws RangeError for another number of prompts
 * @source Hessel et al. arXiv:2104.08718; torchmetrics, functional/multimodal/clip_score.py
 */
export async function dualScore(dual: DualEncoder, images: Tensor, prompts: string | readonly string[]): Promise<number[]> {
  const [n] = images.shape;
  const list = typeof prompts === "string" ? [prompts] : prompts;
  if (list.length !== 1 && list.length !== n)
    throw new RangeError(`dualScore: got ${list.length} prompts for ${n} images, want one, or one each`);
  const [seen, read] = [rowsOf(await dual.embedImages(signed(images))), rowsOf(await dual.embedPrompts(list))];
  return seen.map((vector, k) => cosine(vector, read[list.length === 1 ? 0 : k]));
}

/** An edit's pictures and prompts. */
export interface DirectionalOptions {
  /** [1|N,3,H,W] in [0,1]: one for all, or one each */
  readonly source: Tensor;
  /** [N,3,H,W] in [0,1] */
  readonly edited: Tensor;
  readonly sourcePrompt: string;
  readonly prompt: string;
}

/**
 * Directional score (D-CLIP, with CLIP's encoders): cosine of the change of the picture and the change of the prompt, each the difference of unit
 * vectors. Higher is the edit that was asked for; 0 where the picture's vector has not changed, where the official code divides by 0.
 * @returns N numbers from -1 to 1
 * @throws RangeError where the prompts do not differ, or for another number of sources
 * @source Gal et al. arXiv:2108.00946, equation 3; ChenWu98/cycle-diffusion, DirectionalCLIP
 */
export async function directionalScore(dual: DualEncoder, { source, edited, sourcePrompt, prompt }: DirectionalOptions): Promise<number[]> {
  if (sourcePrompt === prompt) throw new RangeError(`directionalScore: both prompts are "${prompt}"; want two that differ`);
  const [[n], [sources]] = [edited.shape, source.shape];
  if (sources !== 1 && sources !== n)
    throw new RangeError(`directionalScore: got ${sources} sources for ${n} edited images, want one, or one each`);
  const [before, after] = [rowsOf(await dual.embedImages(signed(source))), rowsOf(await dual.embedImages(signed(edited)))];
  const [from, to] = rowsOf(await dual.embedPrompts([sourcePrompt, prompt]));
  const asked = minus(to, from);
  return after.map((vector, k) => cosine(minus(vector, before[sources === 1 ? 0 : k]), asked));
}

/** [0,1] -> [-1,1] */
const signed = ({ data, shape }: Tensor): Tensor => ({ data: data.map((x) => 2 * x - 1), shape });

const rowsOf = ({ data, shape: [n, width] }: Tensor): Float32Array[] =>
  Array.from({ length: n }, (_, k) => data.subarray(k * width, (k + 1) * width));

const minus = (a: Float32Array, b: Float32Array): Float32Array => a.map((x, k) => x - b[k]);

/** 0 where one of them is 0. */
function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, k) => sum + value * y[k], 0);
  const lengths = Math.sqrt(dot(a, a) * dot(b, b));
  return lengths === 0 ? 0 : dot(a, b) / lengths;
}
