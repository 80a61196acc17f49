/**
 * @file Training a U-Net without text on the drawings of one time of day, every terrain and weather among them. Each model has its own seed and its
 * own drawings, so that translation between them finds what they share in the noise alone.
 */
import { join } from "node:path";
import { createSchedule } from "../../../kernel-lib/diffusion/schedule.js";
import { unconditionalUNet } from "../../../kernel-lib/nets/unconditional-unet.js";
import { schedulerConfig } from "../../../kernel-lib/pipelines/scheduler-config.js";
import { SCHEDULER_JSON } from "../../tiny-landscapes/train/configs.js";
import { drawing, SEEDS } from "../../tiny-landscapes/train/drawings.js";
import { STATE_FOLDER, saveWith } from "../../tiny-landscapes/train/folder.js";
import { encodeDrawings } from "../../tiny-landscapes/train/latents.js";
import { COUNT, noisyWindows, velocityLoss } from "../../tiny-landscapes/train/velocity.js";
import type { SharedData, Training } from "../../train/training.js";
import { initialParameter } from "../../train/training.js";
import { measureTime } from "../check/measures.js";
import { unetArchitecture } from "./configs.js";
import { autoencoderPart, candidateOf, type ModelTime, saveModel } from "./folder.js";

/** Drawings of each model, besides their mirror images. */
const DRAWINGS = 3000;
/** Of initial parameters and batches. */
const SEED = { noon: 5, night: 6 } as const satisfies Record<ModelTime, number>;

export const timeTraining = (time: ModelTime) => (): Training => ({
  name: time,
  seed: SEED[time],
  learningRate: 1e-3,
  weightDecay: 0.01,
  averaging: 0.999,
  microBatches: 2,
  rows: COUNT,
  loss: (graph, p) =>
    velocityLoss(graph, unetArchitecture(), (noisy, embedding) => unconditionalUNet(unetArchitecture(), p, noisy, embedding)),
  prepare: () => scaledLatents(time),
  feeder({ latents }) {
    const schedule = createSchedule(schedulerConfig("scheduler_config.json", SCHEDULER_JSON));
    return (rng) => noisyWindows(rng, latents, schedule, unetArchitecture());
  },
  initial: initialParameter,
  save: saveWith(time, saveModel, candidateOf(time)),
  measure: () => measureTime(candidateOf(time), time, join(STATE_FOLDER, `sheet-${time}.png`)),
});

/** Rows [4,16,32], with the scaling factor of the autoencoder's config. */
async function scaledLatents(time: ModelTime): Promise<SharedData> {
  const vae = autoencoderPart();
  const { latents } = await encodeDrawings({
    vae,
    count: DRAWINGS,
    draw: (k) => drawing(SEEDS[time], k, time),
    folder: `latents-${time}-${SEEDS[time]}`,
  });
  for (let k = 0; k < latents.length; k++) latents[k] *= vae.config.scalingFactor;
  return { latents };
}
