/** @file Calls of a tiny checkpoint for tests of exports: what other runtimes are fed with, and what the product itself answers. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createRng, randn } from "#kernel-lib/core/random.js";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { createSchedule } from "#kernel-lib/diffusion/schedule.js";
import type { Model } from "#kernel-lib/pipelines/model.js";
import { TINY } from "../../fixtures/tiny-checkpoint.js";

/** What a graph is fed with: float32, or int32 for token numbers. */
export interface Fed {
  readonly data: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

/** One function: its feeds by input name, and the product's outputs by output name. */
export interface ExportedCall {
  readonly feeds: Readonly<Record<string, Fed>>;
  readonly wanted: Readonly<Record<string, Tensor>>;
}

const ROWS = 3;
const TIMESTEP = 601;
const scalar = (x: number): Fed => ({ data: Float32Array.of(x), shape: [1] });

/** The calls of every function that an export of `batch` 3 has, a panorama of 16 by 48 px among them. */
export async function exportedCalls(model: Model): Promise<Readonly<Record<string, ExportedCall>>> {
  const { window: side, channels, scale } = TINY;
  const rng = createRng(5);
  const draw = (...shape: number[]) => randn(rng, shape);
  const prompts = ["hills", "a night"];
  const ids = await Promise.all(prompts.map(async (prompt) => (await model.tokenize(prompt)).ids));
  const text = await model.encodeText(prompts); // [2,T,D]
  const latent = draw(ROWS, channels, side, side);
  const anchor = draw(1, 3, scale * side, scale * side);
  const wide = draw(1, channels, side, 3 * side);
  const asked = { timestep: TIMESTEP, text, guidanceScale: 3, batch: ROWS };
  const { alpha, sigma } = createSchedule(model.config.schedule).level(TIMESTEP);
  const level = { timestep: scalar(TIMESTEP), text, guidance: scalar(3), alpha: scalar(alpha), sigma: scalar(sigma) };
  const image = draw(1, 3, scale * side, scale * side);
  const images = draw(ROWS, 3, scale * side, scale * side);
  return {
    text: { feeds: { ids: { data: Int32Array.from(ids.flat()), shape: [2, TINY.tokens] } }, wanted: { text } },
    noise: { feeds: { latent, ...level }, wanted: { noise: await model.predictNoise(latent, asked) } },
    gradient: { feeds: { latent, ...level, anchor }, wanted: await model.perceptualGradient(latent, { ...asked, anchor }) },
    decode_48x16: { feeds: { latent: wide }, wanted: { image: await model.decode(wide) } },
    decode_wrap_48x16: { feeds: { latent: wide }, wanted: { image: await model.decode(wide, { edge: "wrap" }) } },
    encode: { feeds: { image }, wanted: { latent: await model.encode(image) } },
    distance: {
      feeds: { image: images, reference: image },
      wanted: { distance: await model.perceptualDistance(images, image, { batch: ROWS }) },
    },
  };
}

/** The weight files beside an exported model, by their names. */
export const weightsBeside = (folder: string): { readonly path: string; readonly data: Uint8Array }[] =>
  readdirSync(folder)
    .filter((name) => name !== "model.onnx")
    .map((name) => ({ path: name, data: readFileSync(join(folder, name)) }));

/** Largest |got − want| of the largest |want|. */
export function worstOfLargest(got: ArrayLike<number>, want: ArrayLike<number>): number {
  let [worst, largest] = [0, 0];
  for (let k = 0; k < want.length; k++) {
    worst = Math.max(worst, Math.abs(got[k] - want[k]));
    largest = Math.max(largest, Math.abs(want[k]));
  }
  return worst / largest;
}
