/** @file tiny-noon and tiny-night written as folders of diffusers' LDMPipeline. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import type { Part } from "../../../kernel-lib/nets/parameters.js";
import { type VaeConfig, vaeConfig } from "../../../kernel-lib/nets/vae.js";
import { networkReader } from "../../../kernel-lib/pipelines/folder.js";
import { writeSafetensors } from "../../../kernel-lib/weights/safetensors.js";
import { SCHEDULER_JSON } from "../../tiny-landscapes/train/configs.js";
import { FOLDER, MODELS_FOLDER, STATE_FOLDER, writeJson } from "../../tiny-landscapes/train/folder.js";
import type { Weights } from "../../train/training.js";
import { MODEL_INDEX, UNET_JSON } from "./configs.js";

/** The times of day that have a model of their own. */
export const MODEL_TIMES = ["noon", "night"] as const;
export type ModelTime = (typeof MODEL_TIMES)[number];

/** The autoencoder whose latents both models learn, and which is copied into their folders: the one that ships. */
const AUTOENCODER = join(FOLDER, "vae");

export const autoencoderPart = (): Part<VaeConfig> => networkReader(vaeConfig, ["diffusion_pytorch_model"]).read(AUTOENCODER);

/** What is being trained, in the layout of the shipped folder. */
export const candidateOf = (time: ModelTime): string => join(STATE_FOLDER, `tiny-${time}`);
/** What is shipped. */
export const shippedOf = (time: ModelTime): string => join(MODELS_FOLDER, `tiny-${time}`);

export function saveModel(folder: string, unet: Weights): void {
  writeJson(folder, "model_index.json", MODEL_INDEX);
  writeJson(folder, "scheduler/scheduler_config.json", SCHEDULER_JSON);
  writeJson(folder, "unet/config.json", UNET_JSON);
  writeSafetensors(join(folder, "unet/diffusion_pytorch_model.safetensors"), unet);
  cpSync(AUTOENCODER, join(folder, "vqvae"), { recursive: true });
}
