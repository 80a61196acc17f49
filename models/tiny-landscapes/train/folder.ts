/** @file The trained parts written as a diffusers folder: models/tiny-landscapes itself. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Tensor } from "../../../kernel-lib/core/tensor.js";
import { tensor } from "../../../kernel-lib/core/tensor.js";
import { writeSafetensors } from "../../../kernel-lib/weights/safetensors.js";
import { tokenizerFiles } from "../world/tokenizer-files.js";
import { JUDGE_JSON, MODEL_INDEX, PERCEPTUAL_JSON, SCHEDULER_JSON, textEncoderJson, UNET_JSON, vaeJson } from "./configs.js";

type Tensors = Readonly<Record<string, Tensor>>;

/** models/tiny-landscapes of the repository; this file runs from dist/models/tiny-landscapes/train. */
export const FOLDER = resolve(dirname(fileURLToPath(import.meta.url)), "../../../../models/tiny-landscapes");

const writeJson = (path: string, value: unknown): void => {
  const file = join(FOLDER, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
};

/** Everything that is not trained: the index, the schedule, the tokenizer. */
export function saveFixedFiles(): void {
  writeJson("model_index.json", MODEL_INDEX);
  writeJson("scheduler/scheduler_config.json", SCHEDULER_JSON);
  mkdirSync(join(FOLDER, "tokenizer"), { recursive: true });
  for (const [name, text] of Object.entries(tokenizerFiles())) writeFileSync(join(FOLDER, "tokenizer", name), text);
}

export function vocabularySize(): number {
  return Object.keys(JSON.parse(tokenizerFiles()["vocab.json"])).length;
}

export function saveAutoencoder(weights: Tensors, scalingFactor: number): void {
  writeJson("vae/config.json", vaeJson(scalingFactor));
  writeSafetensors(join(FOLDER, "vae/diffusion_pytorch_model.safetensors"), weights);
}

/** One trained set of parameters becomes the U-Net's and the text encoder's file. */
export function saveDiffusion(weights: Tensors): void {
  const part = (prefix: string): Tensors =>
    Object.fromEntries(
      Object.entries(weights)
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, value]) => [key.slice(prefix.length), value]),
    );
  writeJson("unet/config.json", UNET_JSON);
  writeSafetensors(join(FOLDER, "unet/diffusion_pytorch_model.safetensors"), part("unet."));
  writeJson("text_encoder/config.json", textEncoderJson(vocabularySize()));
  writeSafetensors(join(FOLDER, "text_encoder/model.safetensors"), part("text."));
}

/** The classifier's trunk is the backbone; its distance weighs every channel of every level alike. */
export function savePerceptual(weights: Tensors): void {
  const { channels } = PERCEPTUAL_JSON;
  writeJson("perceptual/config.json", PERCEPTUAL_JSON);
  writeSafetensors(join(FOLDER, "perceptual/backbone.safetensors"), weights);
  const linear = channels.map((n, k) => [`lin${k}.model.1.weight`, tensor(new Float32Array(n).fill(1 / channels.length), [1, n, 1, 1])]);
  writeSafetensors(join(FOLDER, "perceptual/linear.safetensors"), Object.fromEntries(linear));
}

export function saveJudge(weights: Tensors): void {
  writeJson("judge/config.json", JUDGE_JSON);
  writeSafetensors(join(FOLDER, "judge/backbone.safetensors"), weights);
}
