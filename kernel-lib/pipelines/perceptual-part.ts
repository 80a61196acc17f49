/** @file LPIPS beside a checkpoint: from perceptual/ in its folder, from a pulled model, or from files of their own. */
import { basename, join } from "node:path";
import { CheckpointError } from "../core/errors.js";
import { brief, readJson } from "../core/json.js";
import type { Part } from "../nets/parameters.js";
import { PERCEPTUAL_EPSILON, type PerceptualConfig, perceptualConfig } from "../nets/perceptual.js";
import { openSafetensors, type TensorRef } from "../weights/safetensors.js";
import { openTorch } from "../weights/torch-file.js";
import type { Weights } from "../weights/weights.js";
import { partFolder } from "./folder.js";
import type { PartReader } from "./pipeline.js";

/** The published model that stands in for a perceptual/ that a checkpoint lacks: SyncDiffusion's own. */
export const PERCEPTUAL_MODEL = "lpips-vgg";

/** Reads the part perceptual/ of a checkpoint. */
export const perceptualReader: PartReader<Part<PerceptualConfig>> = {
  fix: `run "veduta models pull ${PERCEPTUAL_MODEL}"`,
  read(folder) {
    const file = join(folder, "config.json");
    const config = perceptualConfig(file, readJson(file));
    return { config, ...mergePerceptual(join(folder, "backbone.safetensors"), join(folder, "linear.safetensors")) };
  },
};

/** The perceptual/ of a folder. @throws CheckpointError where it is missing or does not fit */
export const perceptualFromFolder = (path: string): Part<PerceptualConfig> =>
  perceptualReader.read(partFolder(path, "perceptual", perceptualReader.fix));

/** Files of a perceptual network: its backbone and its linear weights. */
export interface PerceptualFiles {
  readonly net: "vgg" | "alex" | "squeeze";
  /** torchvision's state dict (`features.N.weight`): a .pth or safetensors. */
  readonly backbone: string;
  /** LPIPS v0.1's linear weights (`linK.model.1.weight`): a .pth or safetensors. */
  readonly linear: string;
}

/** LPIPS from files of its own, for a folder without perceptual/. @throws CheckpointError where a file does not open */
export function perceptualFromFiles({ net, backbone, linear }: PerceptualFiles): Part<PerceptualConfig> {
  return { config: { net, epsilon: PERCEPTUAL_EPSILON }, ...mergePerceptual(backbone, linear) };
}

// Weights of one part may lie in several files: each reference names its own.
function mergePerceptual(backbone: string, linear: string): Weights {
  const open = (name: string) => (/\.pth?$/.test(name) ? openTorch(name) : openSafetensors(name));
  const { file, tensors } = open(backbone);
  const weights = new Map<string, TensorRef>(tensors);
  for (const [key, ref] of open(linear).tensors) {
    if (weights.has(key)) throw new CheckpointError(linear, { expected: `keys that ${basename(backbone)} lacks`, found: brief(key) });
    weights.set(key, ref);
  }
  return { file, weights };
}
