/** @file Guided noise for several latents with different prompts, whole or in windows, in as few network calls as the batch allows. */
import { rows, stack, type Tensor } from "../../core/tensor.js";
import type { ControlMaps } from "../../diffusion/capabilities.js";
import { guide } from "../../diffusion/guidance.js";
import { evenParts } from "../even-parts.js";
import { cropAll, fuse } from "../joint/fuse.js";
import { controlledRows } from "./controlled-rows.js";
import type { EditModel } from "./edit-model.js";
import type { ResolvedEditOptions } from "./options.js";

/** A latent whose guided noise is asked for. */
export interface Ask {
  /** [N,c,h,w] */
  readonly latent: Tensor;
  /** [2,tokens,dim]: negative prompt, then prompt; or [N,2,tokens,dim], a pair for each */
  readonly text: Tensor;
  /** 1: the prompt alone; 0: the negative prompt alone; one number for all N, or one for each */
  readonly guidanceScale: number | readonly number[];
}

/**
 * Guided noise of each ask, [N,c,h,w], at a training timestep.
 * @param control of two asks: the attention of the second under its prompt follows that of the first under its prompt
 */
export type Predict = (asks: readonly Ask[], timestep: number, control?: ControlMaps) => Promise<readonly Tensor[]>;

/** Rows per network call of a run: the user's number, else what fits the free memory, else all. */
export function rowsPerCall(model: EditModel, { windows, width, height, batch }: ResolvedEditOptions): number | undefined {
  if (batch !== undefined) return batch;
  const { scaleFactor } = model.config;
  const window = windows?.[0] ?? { height: height / scaleFactor, width: width / scaleFactor };
  const guided = model.batchSize?.("noise", window); // a guided window is two rows
  return guided === undefined ? undefined : 2 * guided;
}

/**
 * Makes the predictions of one run. A row is a latent, or one window of it, with one text: a guidance scale of 1 needs the prompt's row alone, 0 the
 * negative prompt's, others both. With windows the noise is averaged where they overlap (MultiDiffusion): a DDIM step is linear in the noise, so this
 * equals averaging the windows after the step. After an abort it throws the signal's reason before the next network call.
 */
export function textPredictor(
  model: EditModel,
  { windows }: ResolvedEditOptions,
  { batch, signal }: { readonly batch: number | undefined; readonly signal?: AbortSignal },
): Predict {
  const noise = async (latent: Tensor, text: Tensor, timestep: number): Promise<Tensor> => {
    const [latents, texts] = [latent, text].map((x) => evenParts(x, batch ?? latent.shape[0]));
    const done: Tensor[] = [];
    for (const [k, part] of latents.entries()) {
      signal?.throwIfAborted();
      done.push(await model.predictRowNoise(part, { timestep, text: texts[k], batch: latents[0].shape[0] }));
    }
    return stack(done);
  };
  return async (asks, timestep, control) => {
    const jobs = asks.map(({ latent, text, guidanceScale }) => {
      const scales = typeof guidanceScale === "number" ? Array<number>(latent.shape[0]).fill(guidanceScale) : guidanceScale;
      // 0: negative prompt, 1: prompt, which control needs of every latent
      const needed = [0, 1].filter((side) => (control && side === 1) || scales.some((scale) => scale !== 1 - side));
      return { latent: windows ? cropAll(latent, windows) : latent, whole: latent.shape, text, scales, needed };
    });
    const all = jobs.flatMap(({ latent, text, needed }) =>
      needed.map((side) => ({ latent, text: stack(textsOf(text, side, latent.shape[0])) })),
    );
    let predicted: readonly Tensor[]; // of every side
    if (control) {
      const first = jobs[0].needed.length - 1; // the source's prompt: groups begin with it
      const found = await controlledRows(model, [all[first], ...all.filter((_, k) => k !== first)], { timestep, control, batch, signal });
      predicted = [...found.slice(1, first + 1), found[0], ...found.slice(first + 1)];
    } else {
      const joined = await noise(stack(all.map(({ latent }) => latent)), stack(all.map(({ text }) => text)), timestep);
      let from = 0;
      predicted = all.map(({ latent }) => {
        from += latent.shape[0];
        return rows(joined, from - latent.shape[0], from);
      });
    }
    let at = 0;
    return jobs.map(({ latent, whole, scales, needed }) => {
      const n = latent.shape[0];
      const sides = predicted.slice(at, at + needed.length);
      at += needed.length;
      const guided = sides.length === 1 ? sides[0] : guideEach(sides[0], sides[1], windows ? Array<number>(n).fill(scales[0]) : scales);
      return windows ? fuse(guided, windows, whole) : guided;
    });
  };
}

/** One side's embeddings for n rows, [1,tokens,dim] each. */
function textsOf(text: Tensor, side: number, n: number): readonly Tensor[] {
  if (text.shape.length === 3) return Array<Tensor>(n).fill(rows(text, side, side + 1));
  const [pairs, , tokens, dim] = text.shape;
  const flat: Tensor = { data: text.data, shape: [2 * pairs, tokens, dim] };
  return Array.from({ length: n }, (_, k) => rows(flat, 2 * (pairs === 1 ? 0 : k) + side, 2 * (pairs === 1 ? 0 : k) + side + 1));
}

/** Guides every row with its own scale: negative and prompt [N,c,h,w]. */
const guideEach = (negative: Tensor, prompt: Tensor, scales: readonly number[]): Tensor =>
  stack(scales.map((scale, k) => guide(rows(negative, k, k + 1), rows(prompt, k, k + 1), scale)));
