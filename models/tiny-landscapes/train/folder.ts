/** @file The trained parts written as a diffusers folder. Trainings write into the candidate; it becomes models/tiny-landscapes when it measures better. */
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { readJson } from "../../../kernel-lib/core/json.js";
import type { Tensor } from "../../../kernel-lib/core/tensor.js";
import { tensor } from "../../../kernel-lib/core/tensor.js";
import { dualEncoderConfig } from "../../../kernel-lib/nets/dual-encoder.js";
import { toHalf } from "../../../kernel-lib/weights/dtype.js";
import { readSafetensors, writeSafetensors } from "../../../kernel-lib/weights/safetensors.js";
import type { Training } from "../../train/training.js";
import { tokenizerFiles } from "../world/tokenizer-files.js";
import {
  dualJson,
  JUDGE_JSON,
  MODEL_INDEX,
  PERCEPTUAL_JSON,
  SCHEDULER_JSON,
  SKYLINE_JSON,
  textEncoderJson,
  UNET_JSON,
  vaeJson,
} from "./configs.js";

type Tensors = Readonly<Record<string, Tensor>>;

/** The repository; this file runs from dist/models/tiny-landscapes/train. */
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../../../..");
/** What is shipped, a folder per model. */
export const MODELS_FOLDER = join(ROOT, "models");
/** The text-conditioned one. */
export const FOLDER = join(MODELS_FOLDER, "tiny-landscapes");
/** Where states and logs of trainings lie; not in the repository. */
export const STATE_FOLDER = join(ROOT, ".work/train");
/** Averaged parameters of what is being trained, in the repository. */
export const KEPT_FOLDER = join(MODELS_FOLDER, "training");
/** What is being trained, in the layout of the shipped folder. */
export const CANDIDATE = join(STATE_FOLDER, "tiny-landscapes");

/** Makes the candidate's parts out of what is shipped, where it lacks them, with the world's present words. */
export function ensureCandidate(): void {
  for (const part of ["vae", "unet", "text_encoder", "perceptual", "judge", "dual", "control"])
    if (existsSync(join(FOLDER, part)) && !existsSync(join(CANDIDATE, part)))
      cpSync(join(FOLDER, part), join(CANDIDATE, part), { recursive: true });
  writeJson(CANDIDATE, "perceptual/config.json", PERCEPTUAL_JSON);
  writeJson(CANDIDATE, "model_index.json", MODEL_INDEX);
  writeJson(CANDIDATE, "scheduler/scheduler_config.json", SCHEDULER_JSON);
  mkdirSync(join(CANDIDATE, "tokenizer"), { recursive: true });
  for (const [name, text] of Object.entries(tokenizerFiles())) writeFileSync(join(CANDIDATE, "tokenizer", name), text);
}

/** Weights that are shipped, as float32. */
export const readShipped = (path: string): Tensors => readSafetensors(join(FOLDER, path));

/** How each part was trained, in the model's folder. */
export const RECORD = "training.json";

/** A training's `save`: writes a part into the candidate, or into another model's folder, and how it was trained into its record. */
export const saveWith =
  (name: string, save: (folder: string, weights: Tensors) => void, folder = CANDIDATE): Training["save"] =>
  (average, seen) => {
    save(folder, average);
    const file = join(folder, RECORD);
    const record = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
    writeJson(folder, RECORD, { ...record, [name]: seen });
  };

export function writeJson(folder: string, path: string, value: unknown): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}

export function vocabularySize(): number {
  return Object.keys(JSON.parse(tokenizerFiles()["vocab.json"])).length;
}

export function saveAutoencoder(folder: string, weights: Tensors, scalingFactor: number): void {
  writeJson(folder, "vae/config.json", vaeJson(scalingFactor));
  writeSafetensors(join(folder, "vae/diffusion_pytorch_model.safetensors"), weights);
}

/** One trained set of parameters becomes the U-Net's and the text encoder's file. */
export function saveDiffusion(folder: string, weights: Tensors): void {
  const part = (prefix: string): Tensors =>
    Object.fromEntries(
      Object.entries(weights)
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, value]) => [key.slice(prefix.length), value]),
    );
  writeJson(folder, "unet/config.json", UNET_JSON);
  writeSafetensors(join(folder, "unet/diffusion_pytorch_model.safetensors"), part("unet."));
  writeJson(folder, "text_encoder/config.json", textEncoderJson(vocabularySize()));
  writeSafetensors(join(folder, "text_encoder/model.safetensors"), part("text."));
}

/** The ControlNet that follows a skyline. */
export function saveSkyline(folder: string, weights: Tensors): void {
  writeJson(folder, "control/skyline/config.json", SKYLINE_JSON);
  writeSafetensors(join(folder, "control/skyline/diffusion_pytorch_model.safetensors"), weights);
}

/** The classifier's trunk is the backbone; its distance weighs every channel of every level alike. */
export function savePerceptual(folder: string, weights: Tensors): void {
  const { channels } = PERCEPTUAL_JSON;
  writeJson(folder, "perceptual/config.json", PERCEPTUAL_JSON);
  writeSafetensors(join(folder, "perceptual/backbone.safetensors"), weights);
  const linear = channels.map((n, k) => [`lin${k}.model.1.weight`, tensor(new Float32Array(n).fill(1 / channels.length), [1, n, 1, 1])]);
  writeSafetensors(join(folder, "perceptual/linear.safetensors"), Object.fromEntries(linear));
}

export function saveJudge(folder: string, weights: Tensors): void {
  writeJson(folder, "judge/config.json", JUDGE_JSON);
  writeSafetensors(join(folder, "judge/backbone.safetensors"), weights);
}

/** The dual encoder, and which text encoder of the same folder it was trained with. */
export function saveDual(folder: string, weights: Tensors): void {
  writeJson(folder, "dual/config.json", dualJson(textEncoderDigest(folder)));
  writeSafetensors(join(folder, "dual/model.safetensors"), weights);
}

/** sha256, in hex, over the numbers of a folder's text encoder in half precision, in which it is shipped. */
export function textEncoderDigest(folder: string): string {
  const hash = createHash("sha256");
  const tensors = readSafetensors(join(folder, "text_encoder/model.safetensors"));
  for (const key of Object.keys(tensors).sort()) hash.update(`${key}\n`).update(toHalf(tensors[key].data));
  return hash.digest("hex");
}

/** @throws Error where the dual encoder of a folder was trained with another text encoder than the folder's */
export function expectDualFits(folder: string): void {
  const file = join(folder, "dual/config.json");
  if (!existsSync(file)) return;
  const { textEncoder } = dualEncoderConfig(file, readJson(file));
  if (textEncoder !== textEncoderDigest(folder))
    throw new Error(`${file}: it was trained with another text encoder than ${join(folder, "text_encoder")}; train the part dual again`);
}
