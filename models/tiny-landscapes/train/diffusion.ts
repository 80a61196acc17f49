/** @file Training the U-Net and the text encoder together, on latents that are encoded once. */

import { createSchedule } from "../../../kernel-lib/diffusion/schedule.js";
import { clipText } from "../../../kernel-lib/nets/clip-text.js";
import { under } from "../../../kernel-lib/nets/parameters.js";
import { unet } from "../../../kernel-lib/nets/unet.js";
import { openCheckpoint } from "../../../kernel-lib/pipelines/stable-diffusion-parts.js";
import type { Feeder, LossGraph, SharedData, Training } from "../../train/training.js";
import { initialParameter } from "../../train/training.js";
import { measureDiffusion } from "../check/progress.js";
import { caption } from "../world/captions.js";
import { textArchitecture, unetArchitecture } from "./configs.js";
import { CANDIDATE, saveDiffusion, saveWith, vocabularySize } from "./folder.js";
import { encodedDrawings, kindOf } from "./latents.js";
import { COUNT, noisyWindows, velocityLoss } from "./velocity.js";

const TOKENS = 24;
/** How often the caption is left out, so that guidance has something to compare with */
const DROPPED = 0.1;

const loss =
  (vocabulary: number): LossGraph =>
  (graph, p) =>
    velocityLoss(graph, unetArchitecture(), (noisy, embedding) => {
      const ids = graph.input("ids", [COUNT, TOKENS], "int32");
      const text = clipText(textArchitecture(vocabulary), under(p, "text"), ids).lastHiddenState; // [N,24,64]
      return unet(unetArchitecture(), under(p, "unet"), noisy, embedding, text);
    });

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
  const schedule = createSchedule(checkpoint.part("scheduler"));
  return (rng) => {
    const ids = new Int32Array(COUNT * TOKENS);
    const windows = noisyWindows(rng, latents, schedule, unetArchitecture(), (row, drawing) =>
      ids.set(encode(rng.uniform() < DROPPED ? "" : caption(rng, kindOf(kinds, drawing))), row * TOKENS),
    );
    return { ...windows, ids: { data: ids, shape: [COUNT, TOKENS] } };
  };
}
