/** @file The parts of a checkpoint with the LoRAs and textual inversions that it is opened with. */
import { once } from "../../core/once.js";
import type { ClipTextConfig } from "../../nets/clip-text.js";
import type { Part } from "../../nets/parameters.js";
import type { UNetConfig } from "../../nets/unet.js";
import type { Tokenizer } from "../../text/tokenizer.js";
import { joinedUpdates, type WeightUpdates } from "../../weights/weight-updates.js";
import { replacePart } from "../folder.js";
import type { OpenParts, PartReader } from "../pipeline.js";
import { PREFIX, unetOriginal } from "../single-file/original-keys.js";
import { textKeys, unetKeys } from "../stable-diffusion-keys.js";
import { type LoraChoice, type LoraTarget, type LoraUse, openLora } from "./open-lora.js";
import { type EmbeddingChoice, type EmbeddingUse, openEmbedding, withEmbeddings } from "./textual-inversion.js";

export type { EmbeddingChoice, EmbeddingUse, LoraChoice, LoraUse };

/** What a model was opened with beside its checkpoint. */
export interface Adapters {
  readonly loras: readonly LoraUse[];
  readonly embeddings: readonly EmbeddingUse[];
}

/** A checkpoint has none until it is opened with some. */
export const adaptersReader: PartReader<Adapters> = { read: () => ({ loras: [], embeddings: [] }) };

/** The parts that adapters change. */
export type AdaptedParts = OpenParts<{
  readonly unet: Part<UNetConfig>;
  readonly text_encoder: Part<ClipTextConfig>;
  readonly tokenizer: Tokenizer;
  readonly adapters: Adapters;
}>;

/**
 * The parts with LoRAs and textual inversions. Text encoder and tokenizer are read where one of these changes them.
 * @throws CheckpointError as `openLora` and `openEmbedding`; RangeError for a scale that is no number
 */
export function withAdapters(own: AdaptedParts, loras: readonly LoraChoice[], embeddings: readonly EmbeddingChoice[]): AdaptedParts {
  if (loras.length === 0 && embeddings.length === 0) return own;
  const target = targetOf(own);
  const opened = loras.map((choice) => openLora(choice, target));
  const sum = (network: "unet" | "text_encoder") =>
    opened.reduce<WeightUpdates | undefined>(
      (all, { updates }) => (updates[network] ? joinedUpdates(all, updates[network]) : all),
      undefined,
    );
  let parts = updated(updated(own, "unet", sum("unet")), "text_encoder", sum("text_encoder"));
  const width = embeddings.length > 0 ? parts.part("text_encoder").config.hiddenSize : 0;
  const vectors = embeddings.map((choice) => openEmbedding(choice, width));
  if (vectors.length > 0) {
    const changed = withEmbeddings({ encoder: parts.part("text_encoder"), tokenizer: parts.part("tokenizer") }, vectors);
    const { settings } = parts;
    parts = {
      ...replacePart(replacePart(parts, "text_encoder", changed.encoder), "tokenizer", changed.tokenizer),
      settings: () => `${settings?.() ?? ""}${JSON.stringify([...changed.words])}`,
    };
  }
  return replacePart(parts, "adapters", { loras: opened.map(({ use }) => use), embeddings: vectors.map(({ use }) => use) });
}

function targetOf(parts: AdaptedParts): LoraTarget {
  const keys = {
    unet: once(() => unetKeys(parts.part("unet").config)),
    text_encoder: once(() => textKeys(parts.part("text_encoder").config)),
  };
  const original = once(() => unetOriginal(parts.part("unet").config));
  return {
    keys: (network) => keys[network](),
    otherName: (key) => original()(key).name.slice(PREFIX.unet.length),
  };
}

/** A network with what is added to its weights. */
const updated = <Name extends "unet" | "text_encoder">(
  parts: AdaptedParts,
  name: Name,
  updates: WeightUpdates | undefined,
): AdaptedParts => (updates ? replacePart(parts, name, { ...parts.part(name), updates }) : parts);
