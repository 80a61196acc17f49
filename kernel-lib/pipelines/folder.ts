/** @file A diffusers folder, read as it is: model_index.json at once, each part when it is first asked for. */
import { statSync } from "node:fs";
import { basename, join } from "node:path";
import { CheckpointError } from "../core/errors.js";
import { fileExists, listFolder } from "../core/files.js";
import { brief, type JsonObject, readJson } from "../core/json.js";
import type { ScheduleConfig } from "../diffusion/schedule.js";
import { type ClipTextConfig, clipTextConfig } from "../nets/clip-text.js";
import type { Part } from "../nets/parameters.js";
import { PERCEPTUAL_EPSILON, type PerceptualConfig, perceptualConfig } from "../nets/perceptual.js";
import { type UNetConfig, unetConfig } from "../nets/unet.js";
import { type VaeConfig, vaeConfig } from "../nets/vae.js";
import { loadTokenizer, type Tokenizer } from "../text/tokenizer.js";
import { openSafetensors, type TensorRef } from "../weights/safetensors.js";
import { openTorch } from "../weights/torch-file.js";
import { openWeights, type Weights } from "../weights/weights.js";
import { schedulerConfig } from "./scheduler-config.js";

/** The parts that have weights, by the names of their folders. */
export interface Parts {
  readonly unet: Part<UNetConfig>;
  readonly vae: Part<VaeConfig>;
  readonly text_encoder: Part<ClipTextConfig>;
  readonly perceptual: Part<PerceptualConfig>;
}
export type PartName = keyof Parts;

/** An open diffusers folder. Files are read once, when first needed; a CheckpointError says what is missing or does not fit. */
export interface Checkpoint {
  readonly path: string;
  /** Config and weights' places; reads the config and the weights' header alone. */
  part<Name extends PartName>(name: Name): Parts[Name];
  /** Whether the folder has this part at all. */
  has(name: PartName | "tokenizer" | "scheduler"): boolean;
  scheduler(): ScheduleConfig;
  tokenizer(): Tokenizer;
}

/** Pipelines whose parts are those of Stable Diffusion 1 and 2. */
const PIPELINES = ["StableDiffusionPipeline", "StableDiffusionPanoramaPipeline"];
const CLASSES: Readonly<Record<string, string>> = {
  unet: "UNet2DConditionModel",
  vae: "AutoencoderKL",
  text_encoder: "CLIPTextModel",
  tokenizer: "CLIPTokenizer",
};

/**
 * Opens a diffusers folder (model_index.json, unet/, vae/, text_encoder/, tokenizer/, scheduler/, and beside them perceptual/).
 * @throws CheckpointError (file, expected, found) where it is not such a folder or names other classes
 */
export function openCheckpoint(path: string): Checkpoint {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new CheckpointError(path, { expected: "a diffusers folder", found: fileExists(path) ? "a file" : "no such folder" });
  const index = join(path, "model_index.json");
  if (!fileExists(index)) throw new CheckpointError(path, { expected: "model_index.json", found: listing(path) });
  checkIndex(index, readJson(index));

  const readers: { readonly [Name in PartName]: () => Parts[Name] } = {
    unet: () => readPart(path, "unet", unetConfig, ["diffusion_pytorch_model"]),
    vae: () => readPart(path, "vae", vaeConfig, ["diffusion_pytorch_model"]),
    text_encoder: () => readPart(path, "text_encoder", clipTextConfig, ["model"]),
    perceptual: () => perceptualFromFolder(path),
  };
  const parts: { [Name in PartName]?: Parts[Name] } = {};
  let scheduler: ScheduleConfig | undefined;
  let tokenizer: Tokenizer | undefined;
  return {
    path,
    has: (name) => statSync(join(path, name), { throwIfNoEntry: false })?.isDirectory() ?? false,
    part<Name extends PartName>(name: Name): Parts[Name] {
      const kept: Parts[Name] | undefined = parts[name];
      if (kept) return kept;
      const read: Parts[Name] = readers[name]();
      Object.assign(parts, { [name]: read });
      return read;
    },
    scheduler() {
      const file = join(partFolder(path, "scheduler"), "scheduler_config.json");
      scheduler ??= schedulerConfig(file, readJson(file));
      return scheduler;
    },
    tokenizer() {
      tokenizer ??= loadTokenizer(partFolder(path, "tokenizer"));
      return tokenizer;
    },
  };
}

function checkIndex(file: string, index: JsonObject): void {
  const pipeline = index._class_name;
  if (typeof pipeline !== "string" || !PIPELINES.includes(pipeline))
    throw new CheckpointError(file, { expected: `_class_name: ${PIPELINES.join(" or ")}`, found: brief(pipeline) });
  for (const [name, wanted] of Object.entries(CLASSES)) {
    const entry = index[name];
    // [null, null] and an absent key both mean that the part is left out.
    if (entry === undefined || (Array.isArray(entry) && entry[1] === null)) continue;
    // The Rust tokenizer reads the same files.
    if (!Array.isArray(entry) || (entry[1] !== wanted && !(name === "tokenizer" && entry[1] === "CLIPTokenizerFast")))
      throw new CheckpointError(file, { expected: `${name}: ${wanted}`, found: brief(entry) });
  }
}

function partFolder(path: string, name: string): string {
  const folder = join(path, name);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new CheckpointError(folder, {
      expected: `the checkpoint's ${name} folder`,
      found: `no such folder; ${path} holds ${listing(path)}`,
      fix: name === "perceptual" ? `run "veduta models pull ${PERCEPTUAL_MODEL}"` : undefined,
    });
  return folder;
}

const listing = (folder: string): string => listFolder(folder).sort().slice(0, 12).join(", ") || "nothing";

function readPart<Config>(
  path: string,
  name: string,
  read: (file: string, json: JsonObject) => Config,
  files: readonly string[],
): Part<Config> {
  const folder = partFolder(path, name);
  const file = join(folder, "config.json");
  return { config: read(file, readJson(file)), ...openWeights(folder, files) };
}

/** The published model that stands in for a perceptual/ that a checkpoint lacks: SyncDiffusion's own. */
export const PERCEPTUAL_MODEL = "lpips-vgg";

/** The perceptual/ of a folder. @throws CheckpointError where it is missing or does not fit */
export function perceptualFromFolder(path: string): Part<PerceptualConfig> {
  const folder = partFolder(path, "perceptual");
  const file = join(folder, "config.json");
  const config = perceptualConfig(file, readJson(file));
  return { config, ...mergePerceptual(join(folder, "backbone.safetensors"), join(folder, "linear.safetensors")) };
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
