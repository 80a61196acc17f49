/** @file Which tensors a checkpoint's files must hold. */
import { clipTextConfig } from "../../nets/clip-text.js";
import { perceptualConfig, perceptualDistance } from "../../nets/perceptual.js";
import { unetConfig } from "../../nets/unet.js";
import { vaeConfig } from "../../nets/vae.js";
import type { TensorEntry } from "../../weights/safetensors.js";
import { keysOf, type NetworkKeys, textKeys, unetKeys, vaeKeys } from "../stable-diffusion-keys.js";
import type { Architecture } from "./architectures.js";

/** The weight files of a folder, by path, with their tensors in the order of the files. */
export type WeightFiles = ReadonlyMap<string, readonly TensorEntry[]>;

/**
 * The files and tensors of a diffusers folder.
 * @throws CheckpointError where a config does not fit
 */
export function weightFiles(architecture: Architecture, dtype: "F32" | "F16"): WeightFiles {
  const [unetPart, vaePart] = [unetConfig("unet/config.json", architecture.unet), vaeConfig("vae/config.json", architecture.vae)];
  const textPart = clipTextConfig("text_encoder/config.json", architecture.textEncoder);
  const perceptualPart = perceptualConfig("perceptual/config.json", architecture.perceptual);
  const perceptualKeys = keysOf((graph, p) => {
    const image = graph.input("image", [1, 3, 64, 64]);
    perceptualDistance(perceptualPart, p, image, image);
  });

  const entries = (keys: NetworkKeys, fits: (key: string) => boolean = () => true): TensorEntry[] =>
    [...keys]
      .filter(([name]) => fits(name))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, shape]) => ({ name, dtype, shape }));
  // a number for each position, which older transformers saved with the weights
  const positions: TensorEntry = { name: POSITION_IDS, dtype: "I64", shape: [1, textPart.maxPositionEmbeddings] };
  return new Map([
    ["unet/diffusion_pytorch_model.safetensors", entries(unetKeys(unetPart))],
    ["vae/diffusion_pytorch_model.safetensors", entries(vaeKeys(vaePart))],
    ["text_encoder/model.safetensors", [positions, ...entries(textKeys(textPart))]],
    ["perceptual/backbone.safetensors", entries(perceptualKeys, (key) => key.startsWith("features."))],
    ["perceptual/linear.safetensors", entries(perceptualKeys, (key) => key.startsWith("lin"))],
  ]);
}

/** A key of some text encoders that holds no weights. */
export const POSITION_IDS = "text_model.embeddings.position_ids";
