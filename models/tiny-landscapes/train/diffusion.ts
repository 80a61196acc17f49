/**
 * @file Training the U-Net and the text encoder together, on latents that are encoded once, to predict v = alpha·eps − sigma·x0
 * (arXiv:2202.00512, appendix D): at high noise that is the picture itself, so a small network soon learns its large colours.
 */

import type { Rng } from "../../../kernel-lib/core/random.js";
import { randn } from "../../../kernel-lib/core/random.js";
import { createSchedule } from "../../../kernel-lib/diffusion/schedule.js";
import { add, mul, sub } from "../../../kernel-lib/graph/ops/elementwise.js";
import { reduceMean } from "../../../kernel-lib/graph/ops/reduce.js";
import { reshape } from "../../../kernel-lib/graph/ops/shape.js";
import { clipText } from "../../../kernel-lib/nets/clip-text.js";
import { under } from "../../../kernel-lib/nets/parameters.js";
import { timestepEmbedding } from "../../../kernel-lib/nets/timestep-embedding.js";
import { unet } from "../../../kernel-lib/nets/unet.js";
import { openCheckpoint } from "../../../kernel-lib/pipelines/stable-diffusion-parts.js";
import type { Feeder, LossGraph, SharedData, Training } from "../../train/training.js";
import { initialParameter } from "../../train/training.js";
import { measureDiffusion } from "../check/progress.js";
import { caption } from "../world/captions.js";
import { textArchitecture, unetArchitecture } from "./configs.js";
import { CANDIDATE, saveDiffusion, saveWith, vocabularySize } from "./folder.js";
import { encodedDrawings, kindOf, LATENT_HEIGHT, LATENT_WIDTH } from "./latents.js";

/** Rows of a micro-batch. */
const COUNT = 32;
const WINDOW = 16;
const TOKENS = 24;
/** How often the caption is left out, so that guidance has something to compare with */
const DROPPED = 0.1;
/** An error of x0 weighs SNR + 1 in the loss of v; capped, so that the lowest noise does not outweigh all else (as arXiv:2303.09556 caps it). */
const WEIGHT_CAP = 5;

function loss(vocabulary: number): LossGraph {
  return (graph, p) => {
    const perRow = [COUNT, 1, 1, 1];
    const [clean, noise] = ["clean", "noise"].map((name) => graph.input(name, [COUNT, 4, WINDOW, WINDOW]));
    const [alpha, sigma, weight] = ["alpha", "sigma", "weight"].map((name) => graph.input(name, perRow));
    const embedding = graph.input("timestepEmbedding", [COUNT, unetArchitecture().blockOutChannels[0]]);
    const ids = graph.input("ids", [COUNT, TOKENS], "int32");
    const noisy = add(mul(clean, alpha), mul(noise, sigma)); // x_t
    const text = clipText(textArchitecture(vocabulary), under(p, "text"), ids).lastHiddenState; // [N,24,64]
    const v = sub(mul(noise, alpha), mul(clean, sigma));
    const error = sub(unet(unetArchitecture(), under(p, "unet"), noisy, embedding, text), v);
    const square = mul(error, error);
    const mean = (x: typeof square) => reshape(reduceMean(x, [0, 1, 2, 3]), []);
    return { loss: mean(mul(square, weight)), square: mean(square) };
  };
}

function cropLatent(out: Float32Array, at: number, latents: Float32Array, index: number, left: number): void {
  for (let r = 0; r < 4 * WINDOW; r++) {
    const from = (index * 4 * LATENT_HEIGHT + r) * LATENT_WIDTH + left;
    out.set(latents.subarray(from, from + WINDOW), at + r * WINDOW);
  }
}

export const diffusionTraining = (): Training => ({
  name: "diffusion",
  seed: 4,
  learningRate: 6e-4,
  weightDecay: 0.01,
  averaging: 0.9995,
  microBatches: 2,
  rows: COUNT,
  loss: loss(vocabularySize()),
  prepare: encodedDrawings,
  feeder: (shared) => windowFeeder(shared),
  initial: initialParameter,
  save: saveWith("diffusion", saveDiffusion),
  measure: measureDiffusion,
});

/** Draws windows of the encoded drawings with captions, noise and timesteps. */
function windowFeeder({ latents, kinds }: SharedData): Feeder {
  const checkpoint = openCheckpoint(CANDIDATE);
  const tokenizer = checkpoint.part("tokenizer");
  const known = new Map<string, readonly number[]>();
  const encode = (text: string) => {
    const ids = known.get(text) ?? tokenizer.encode(text).ids;
    known.set(text, ids);
    return ids;
  };
  const { config, alphaBar } = createSchedule(checkpoint.part("scheduler"));
  const count = latents.length / (4 * LATENT_HEIGHT * LATENT_WIDTH);
  const shape = [COUNT, 4, WINDOW, WINDOW];
  const perRow = [COUNT, 1, 1, 1];
  return (rng: Rng) => {
    const clean = new Float32Array(COUNT * 4 * WINDOW * WINDOW);
    const [alpha, sigma, weight, timestep] = [0, 1, 2, 3].map(() => new Float32Array(COUNT));
    const ids = new Int32Array(COUNT * TOKENS);
    for (let n = 0; n < COUNT; n++) {
      const index = rng.below(count);
      cropLatent(clean, n * 4 * WINDOW * WINDOW, latents, index, rng.below(LATENT_WIDTH - WINDOW + 1));
      ids.set(encode(rng.uniform() < DROPPED ? "" : caption(rng, kindOf(kinds, index))), n * TOKENS);
      const t = Math.floor(((n + rng.uniform()) / COUNT) * config.trainTimesteps); // stratified over the batch
      const a = alphaBar[t];
      timestep[n] = t;
      alpha[n] = Math.sqrt(a);
      sigma[n] = Math.sqrt(1 - a);
      weight[n] = Math.min(1, WEIGHT_CAP * (1 - a)); // SNR + 1 = 1/(1 − ᾱ)
    }
    return {
      clean: { data: clean, shape },
      noise: randn(rng, shape),
      alpha: { data: alpha, shape: perRow },
      sigma: { data: sigma, shape: perRow },
      weight: { data: weight, shape: perRow },
      timestepEmbedding: timestepEmbedding(unetArchitecture(), timestep),
      ids: { data: ids, shape: [COUNT, TOKENS] },
    };
  };
}
