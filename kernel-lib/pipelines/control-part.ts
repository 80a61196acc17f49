/** @file ControlNets beside a checkpoint: a folder in the layout of diffusers, or one file with diffusers' keys or those of lllyasviel's ControlNet. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { CheckpointError } from "../core/errors.js";
import { listFolder } from "../core/files.js";
import { brief } from "../core/json.js";
import { placeBeside } from "../hub/cached-repositories.js";
import { pulledFolder } from "../hub/installed.js";
import { findModel, readManifest } from "../hub/manifest.js";
import { hubSettings } from "../hub/settings.js";
import { type ControlNetConfig, controlNetConfig } from "../nets/control-net.js";
import { conditionFactor } from "../nets/control-residuals.js";
import { noiseProgram } from "../nets/guided-denoiser.js";
import type { Part } from "../nets/parameters.js";
import type { UNetConfig } from "../nets/unet.js";
import { openSafetensors, type TensorRef } from "../weights/safetensors.js";
import { openTorch } from "../weights/torch-file.js";
import type { Weights } from "../weights/weights.js";
import { networkReader } from "./folder.js";
import type { OpenParts, PartReader } from "./pipeline.js";
import type { SchedulerPart } from "./scheduler-config.js";

/** A ControlNet with the name or path that it was asked for by. */
export interface ControlNetPart extends Part<ControlNetConfig> {
  readonly name: string;
}

/** The folder of a checkpoint in which it has ControlNets of its own, one folder each. */
const OWN = "control";

/** A checkpoint has no ControlNets until it is opened with some. */
export const controlNetsReader: PartReader<readonly ControlNetPart[]> = { read: () => [] };

const reader = networkReader(controlNetConfig, ["diffusion_pytorch_model"]);

/**
 * Opens a ControlNet.
 * @param name a folder with config.json and weights; a .safetensors, .pth or .ckpt; the name of one in the checkpoint's own folder control/; or
 * OWNER/NAME of the hub, in the cache; or a pulled one's name, such as canny-sd15
 * @param unet of the checkpoint: a file has no config, so that it is taken to copy this one
 * @throws CheckpointError (file, expected, found) for an unknown name, and for files that do not open
 */
export function openControlNet(name: string, { path, unet }: { readonly path: string; readonly unet: Part<UNetConfig> }): ControlNetPart {
  const own = join(path, OWN, name);
  const place = existsSync(own) && !existsSync(name) ? own : placeOfControlNet(name);
  if (!existsSync(place)) {
    const known = existsSync(join(path, OWN)) ? listFolder(join(path, OWN)).sort() : [];
    throw new CheckpointError(name, {
      expected: `a ControlNet: a folder in the layout of diffusers, a .safetensors or .pth file, OWNER/NAME of the hub, a pulled one (${pulledNames()})${known.length > 0 ? `, or a name (${known.join(", ")})` : ""}`,
      found: "no such file or folder",
    });
  }
  return { name, ...(statSync(place).isDirectory() ? reader.read(place) : controlNetOfFile(place, unet.config)) };
}

const pulledNames = (): string =>
  readManifest()
    .flatMap((model) => (model.kind === "hub" && model.use === "control" ? [model.name] : []))
    .join(", ");

/** A path; a pulled ControlNet of the manifest; or OWNER/NAME in the hub's cache. */
function placeOfControlNet(name: string): string {
  const published = existsSync(name) ? undefined : findModel(name);
  if (published?.kind === "hub" && published.use === "control") return pulledFolder(published, hubSettings());
  return placeBeside(name, hubSettings());
}

/** A ControlNet from one file. Its widths are those of the U-Net, which it copies; the embedding's follow from the weights. */
function controlNetOfFile(file: string, unet: UNetConfig): Part<ControlNetConfig> {
  const opened = file.endsWith(".safetensors") ? openSafetensors(file) : openTorch(file);
  const weights = isOriginal(opened.tensors) ? diffusersKeys(opened.tensors, unet) : opened.tensors;
  return { config: { ...unet, embeddingChannels: embeddingOf({ file, weights }), channelOrder: "rgb", residuals: "whole" }, file, weights };
}

/** The widths of the condition's embedding, out of its convolutions' shapes. @throws CheckpointError where it has none */
function embeddingOf({ file, weights }: Weights): readonly number[] {
  const width = (key: string) => weights.get(`controlnet_cond_embedding.${key}.weight`)?.shape[0];
  const first = width("conv_in");
  if (first === undefined) {
    const keys = [...weights.keys()].slice(0, 3).map(brief).join(", ");
    throw new CheckpointError(file, {
      expected: "a ControlNet: the key controlnet_cond_embedding.conv_in.weight, or input_hint_block.0.weight",
      found: keys === "" ? "no keys" : `keys like ${keys}`,
    });
  }
  const widths = [first];
  for (let i = 1; ; i += 2) {
    const next = width(`blocks.${i}`);
    if (next === undefined) return widths;
    widths.push(next);
  }
}

const PREFIX = "control_model.";
const isOriginal = (tensors: ReadonlyMap<string, unknown>): boolean =>
  tensors.has(`${PREFIX}input_hint_block.0.weight`) || tensors.has("input_hint_block.0.weight");

/** Names of a residual block's layers. */
const RESNET: Readonly<Record<string, string>> = {
  "in_layers.0": "norm1",
  "in_layers.2": "conv1",
  "emb_layers.1": "time_emb_proj",
  "out_layers.0": "norm2",
  "out_layers.3": "conv2",
  skip_connection: "conv_shortcut",
};

/**
 * The same tensors under diffusers' keys; keys of other networks in the file are left out.
 * @source lllyasviel/ControlNet ed85cd1, cldm/cldm.py (the order of its blocks); diffusers 0.21.4, models/controlnet.py (theirs)
 */
export function diffusersKeys(tensors: ReadonlyMap<string, TensorRef>, unet: Pick<UNetConfig, "layersPerBlock">): Map<string, TensorRef> {
  const renamed = new Map<string, TensorRef>();
  const prefixed = tensors.has(`${PREFIX}input_hint_block.0.weight`);
  for (const [key, ref] of tensors) {
    if (prefixed && !key.startsWith(PREFIX)) continue;
    const name = diffusersKey(prefixed ? key.slice(PREFIX.length) : key, unet.layersPerBlock);
    if (name !== undefined) renamed.set(name, ref);
  }
  return renamed;
}

/** The hint block's convolutions stand at even places: the first, a pair a halving, the last. */
const LAST_HINT = 14;

function diffusersKey(key: string, layers: number): string | undefined {
  const [, layer, kind] = /^(.+)\.(weight|bias)$/.exec(key) ?? [];
  const place = layer === undefined ? undefined : layerName(layer, layers);
  return place && `${place}.${kind}`;
}

function layerName(layer: string, layers: number): string | undefined {
  const [, top, index, rest] = /^(\w+?)\.(\d+)(?:\.(.+))?$/.exec(layer) ?? [];
  const k = Number(index);
  if (top === "time_embed") return `time_embedding.linear_${k / 2 + 1}`;
  if (top === "zero_convs") return `controlnet_down_blocks.${k}`;
  if (top === "middle_block_out") return "controlnet_mid_block";
  if (top === "input_hint_block")
    return `controlnet_cond_embedding.${k === 0 ? "conv_in" : k === LAST_HINT ? "conv_out" : `blocks.${k / 2 - 1}`}`;
  if (top === "middle_block") return k === 1 ? `mid_block.attentions.0.${rest}` : `mid_block.resnets.${k / 2}.${RESNET[rest]}`;
  if (top !== "input_blocks") return undefined;
  if (k === 0) return "conv_in";
  const [level, j] = [Math.floor((k - 1) / (layers + 1)), (k - 1) % (layers + 1)];
  const [, part, inner] = /^(\d)\.(.+)$/.exec(rest) ?? [];
  if (inner === "op") return `down_blocks.${level}.downsamplers.0.conv`;
  return part === "1" ? `down_blocks.${level}.attentions.${j}.${inner}` : `down_blocks.${level}.resnets.${j}.${RESNET[inner]}`;
}

/** What a ControlNet must fit. */
export type ControlledParts = OpenParts<{
  readonly unet: Part<UNetConfig>;
  readonly vae: { readonly config: { readonly blockOutChannels: readonly number[] } };
  readonly scheduler: SchedulerPart;
}>;

/**
 * Refuses a ControlNet that does not fit the checkpoint.
 * @throws CheckpointError naming the file and the key, and what it is in the U-Net; or a key that is missing or of another shape
 */
export function expectControlNetFits(part: ControlNetPart, parts: ControlledParts): void {
  const unet = parts.part("unet");
  const { file, config } = part;
  const same = (key: string, of: (config: ControlNetConfig | UNetConfig) => unknown) => {
    const [got, want] = [of(config), of(unet.config)].map((value) => JSON.stringify(value));
    if (got !== want) throw new CheckpointError(file, { expected: `${key} ${want}, the U-Net's`, found: got });
  };
  same("in_channels", ({ inChannels }) => inChannels);
  same("block_out_channels", ({ blockOutChannels }) => blockOutChannels);
  same("layers_per_block", ({ layersPerBlock }) => layersPerBlock);
  same("attention_head_dim", ({ heads }) => heads);
  same("cross_attention_dim", ({ crossAttentionDim }) => crossAttentionDim);
  same("flip_sin_to_cos", ({ flipSinToCos }) => flipSinToCos);
  same("freq_shift", ({ freqShift }) => freqShift);
  const factor = 2 ** (parts.part("vae").config.blockOutChannels.length - 1);
  if (conditionFactor(config) !== factor)
    throw new CheckpointError(file, {
      expected: `conditioning_embedding_out_channels of ${Math.log2(factor) + 1} entries, since the autoencoder's latent pixel is ${factor} pixels wide`,
      found: `${config.embeddingChannels.length} entries`,
    });
  // building a graph asks for every key with its shape
  const side = 2 ** (unet.config.blockOutChannels.length - 1);
  const { prediction } = parts.part("scheduler");
  const size = { height: side, width: side, tokens: 1, texts: 1, nets: [0], modes: ["balanced"] } as const;
  noiseProgram({ unet, prediction, controlNets: [part] }).graph(size, 1);
}
