/** @file tiny-scenes written as a folder of the kind FridoPipeline. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type MsVqganConfig, msVqganConfig } from "../../../kernel-lib/nets/ms-vqgan-config.js";
import type { Part } from "../../../kernel-lib/nets/parameters.js";
import { networkReader } from "../../../kernel-lib/pipelines/folder.js";
import { writeSafetensors } from "../../../kernel-lib/weights/safetensors.js";
import { MODELS_FOLDER, STATE_FOLDER, writeJson } from "../../tiny-landscapes/train/folder.js";
import type { Weights } from "../../train/training.js";
import {
  CONDITION_JSON,
  FINDER_JSON,
  firstStageJson,
  MODEL_INDEX,
  ONE_SCALE_JSON,
  SCENE_TOKENS_JSON,
  SCHEDULER_JSON,
  UNET_JSON,
} from "./configs.js";

/** Names of the queue's entries that train the model, or what it is compared with. */
export const SCENE_PARTS = ["scenes-finder", "scenes-codes", "scenes", "scenes-one"] as const;

/** What is shipped. */
export const SCENES_FOLDER = join(MODELS_FOLDER, "tiny-scenes");
/** What is being trained, in the layout of the shipped folder. */
export const SCENES_CANDIDATE = join(STATE_FOLDER, "tiny-scenes");
/** The finder, which ships before the model that it judges. */
export const FINDER_CANDIDATE = join(SCENES_CANDIDATE, "finder");
export const FINDER_FOLDER = join(SCENES_FOLDER, "finder");
/** The one-scale baseline, which is not shipped: unet/, condition/ and scheduler/. */
export const ONE_SCALE_FOLDER = join(STATE_FOLDER, "tiny-scenes-one");

const WEIGHTS = "model.safetensors";

/** The autoencoder whose codes the U-Nets learn: the candidate's, or the shipped one. @throws CheckpointError where there is neither */
export function firstStagePart(): Part<MsVqganConfig> {
  const candidate = join(SCENES_CANDIDATE, "first_stage");
  return networkReader(msVqganConfig, ["model"]).read(existsSync(candidate) ? candidate : join(SCENES_FOLDER, "first_stage"));
}

/** @param scaleFactors of each scale, coarse first; absent until they are measured */
export function saveFirstStage(folder: string, weights: Weights, scaleFactors?: readonly number[]): void {
  writeJson(folder, "first_stage/config.json", firstStageJson(scaleFactors));
  writeSafetensors(join(folder, "first_stage", WEIGHTS), weights);
}

/** One trained set of parameters becomes the PyU-Net's and the token transformer's file. */
export function saveScenes(folder: string, weights: Weights): void {
  writeJson(folder, "model_index.json", MODEL_INDEX);
  writeJson(folder, "unet/config.json", UNET_JSON);
  saveConditioned(folder, weights);
}

/** The same of the one-scale baseline. */
export function saveOneScale(folder: string, weights: Weights): void {
  writeJson(folder, "unet/config.json", ONE_SCALE_JSON);
  saveConditioned(folder, weights);
}

function saveConditioned(folder: string, weights: Weights): void {
  writeJson(folder, "scheduler/scheduler_config.json", SCHEDULER_JSON);
  writeJson(folder, "condition/config.json", CONDITION_JSON);
  writeJson(folder, "condition/scene_tokens.json", SCENE_TOKENS_JSON);
  for (const part of ["unet", "condition"]) writeSafetensors(join(folder, part, WEIGHTS), below(`${part}.`, weights));
}

export function saveFinder(folder: string, weights: Weights): void {
  writeJson(folder, "config.json", FINDER_JSON);
  writeSafetensors(join(folder, WEIGHTS), weights);
}

const below = (prefix: string, weights: Weights): Weights =>
  Object.fromEntries(
    Object.entries(weights)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
