/** @file Where each tensor of a random checkpoint goes: into the files of a diffusers folder, or into one file with the latent-diffusion code's keys. */
import { sizeOf } from "../../core/tensor.js";
import { unetConfig } from "../../nets/unet.js";
import { vaeConfig } from "../../nets/vae.js";
import { DTYPE_BYTES } from "../../weights/dtype.js";
import { entryBytes, safetensorsHeader, type TensorEntry } from "../../weights/safetensors.js";
import { clipOriginal, type OriginalKeys, openClipOriginal, unetOriginal, vaeOriginal } from "../single-file/original-keys.js";
import type { Architecture } from "./architectures.js";
import { POSITION_IDS, type WeightFiles } from "./keys.js";

/** How a checkpoint lies on the disk. */
export const LAYOUTS = ["diffusers", "single-file"] as const;
/** The name of a layout. */
export type CheckpointLayout = (typeof LAYOUTS)[number];

/** The name of the single file in its folder. */
export const SINGLE_FILE = "model.safetensors";

/** A tensor by diffusers' key, and the byte of the file where its numbers begin. */
export interface PlacedTensor {
  /** the network, as `unet` */
  readonly part: string;
  readonly entry: TensorEntry;
  readonly offset: number;
}

/** A file: what goes before the numbers, and its tensors in the order in which they are drawn, which is the same in every layout. */
export interface FilePlan {
  readonly path: string;
  readonly header: Uint8Array;
  readonly tensors: readonly PlacedTensor[];
}

/** The files of a diffusers folder. */
export const folderPlan = (files: WeightFiles): FilePlan[] =>
  [...files].map(([path, entries]) => {
    const header = safetensorsHeader(entries, { format: "pt" });
    const offsets = offsetsOf(header, entries);
    return { path, header, tensors: entries.map((entry, k) => ({ part: path.split("/")[0], entry, offset: offsets[k] })) };
  });

/** One file of U-Net, autoencoder and text encoder, with the metadata that say what the U-Net predicts. */
export function singleFilePlan(files: WeightFiles, architecture: Architecture): FilePlan {
  const unet = unetConfig("unet/config.json", architecture.unet);
  const openClip = unet.useLinearProjection; // Stable Diffusion 2
  const keysOf: Readonly<Record<string, OriginalKeys>> = {
    unet: unetOriginal(unet),
    vae: vaeOriginal(vaeConfig("vae/config.json", architecture.vae)),
    text_encoder: openClip ? openClipOriginal : clipOriginal("text_model."),
  };
  const placed = [...files].flatMap(([path, entries]) => {
    const [part] = path.split("/");
    const original = keysOf[part];
    if (!original) return []; // the perceptual network
    return entries.filter(({ name }) => !openClip || name !== POSITION_IDS).map((entry) => ({ part, entry, place: original(entry.name) }));
  });
  const originals = new Map<string, TensorEntry>();
  for (const { entry, place } of placed)
    originals.set(place.name, { ...entry, name: place.name, shape: originalShape(entry.shape, place) });
  const entries = [...originals.values()];
  const header = safetensorsHeader(entries, { format: "pt", "modelspec.prediction_type": String(architecture.scheduler.prediction_type) });
  const offsets = new Map(offsetsOf(header, entries).map((offset, k) => [entries[k].name, offset]));
  return {
    path: SINGLE_FILE,
    header,
    tensors: placed.map(({ part, entry, place }) => ({
      part,
      entry,
      offset: (offsets.get(place.name) as number) + (place.third ?? 0) * sizeOf(entry.shape) * DTYPE_BYTES[entry.dtype],
    })),
  };
}

/** Queries, keys and values are one tensor; the linear layers of the autoencoder's attention are 1×1 convolutions. */
function originalShape(shape: readonly number[], { name, third }: ReturnType<OriginalKeys>): readonly number[] {
  if (third !== undefined) return [3 * shape[0], ...shape.slice(1)];
  return /\.attn_1\.\w+\.weight$/.test(name) && shape.length === 2 ? [...shape, 1, 1] : shape;
}

function offsetsOf(header: Uint8Array, entries: readonly TensorEntry[]): number[] {
  let at = header.length;
  return entries.map((entry) => {
    const offset = at;
    at += entryBytes(entry);
    return offset;
  });
}
