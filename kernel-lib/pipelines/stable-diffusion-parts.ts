/** @file The parts of Stable Diffusion 1 and 2, and whether they fit each other. */
import { CheckpointError } from "../core/errors.js";
import { type ClipTextConfig, clipTextConfig } from "../nets/clip-text.js";
import type { DualEncoderConfig } from "../nets/dual-encoder.js";
import { noiseProgram } from "../nets/guided-denoiser.js";
import type { Part } from "../nets/parameters.js";
import type { PerceptualConfig } from "../nets/perceptual.js";
import { type UNetConfig, unetConfig } from "../nets/unet.js";
import { type VaeConfig, vaeConfig } from "../nets/vae.js";
import { loadTokenizer, type Tokenizer } from "../text/tokenizer.js";
import { TOKENIZER_CLASSES } from "../text/tokenizer-folder.js";
import { type Adapters, adaptersReader } from "./adapters/with-adapters.js";
import { expectAutoencoderFits } from "./autoencoder.js";
import { type ControlNetPart, controlNetsReader, expectControlNetFits } from "./control-part.js";
import { dualReader } from "./dual-part.js";
import { expectEqual } from "./expect-equal.js";
import { networkReader, openParts, recognise } from "./folder.js";
import { perceptualReader } from "./perceptual-part.js";
import type { CheckpointKind, OpenParts, PartReader } from "./pipeline.js";
import { type SchedulerPart, schedulerReader } from "./scheduler-config.js";

export interface StableDiffusionParts {
  readonly unet: Part<UNetConfig>;
  readonly vae: Part<VaeConfig>;
  readonly text_encoder: Part<ClipTextConfig>;
  readonly tokenizer: Tokenizer;
  readonly scheduler: SchedulerPart;
  readonly perceptual: Part<PerceptualConfig>;
  readonly dual: Part<DualEncoderConfig>;
  /** given to openModel, in the order of its option */
  readonly controlNets: readonly ControlNetPart[];
  /** LoRAs and textual inversions that were given to openModel; they are in the parts that they change */
  readonly adapters: Adapters;
}

/** How a folder of Stable Diffusion is recognised and read. */
export const STABLE_DIFFUSION: CheckpointKind<StableDiffusionParts> = {
  name: "Stable Diffusion 1 and 2",
  classes: ["StableDiffusionPipeline", "StableDiffusionPanoramaPipeline"],
  parts: {
    unet: networkReader(unetConfig, ["diffusion_pytorch_model"], ["UNet2DConditionModel"]),
    vae: networkReader(vaeConfig, ["diffusion_pytorch_model"], ["AutoencoderKL"]),
    text_encoder: textEncoderReader(),
    tokenizer: { classes: TOKENIZER_CLASSES, read: (folder) => loadTokenizer(folder) },
    scheduler: schedulerReader,
    perceptual: perceptualReader,
    dual: dualReader,
    controlNets: controlNetsReader,
    adapters: adaptersReader,
  },
};

/** CLIPTextModel's keys begin with `text_model.`; transformers 5 saves them without it. */
function textEncoderReader(): PartReader<Part<ClipTextConfig>> {
  const reader = networkReader(clipTextConfig, ["model"], ["CLIPTextModel"]);
  return {
    ...reader,
    read(folder) {
      const part = reader.read(folder);
      if (!part.weights.has("embeddings.token_embedding.weight")) return part;
      return { ...part, weights: new Map([...part.weights].map(([key, ref]) => [`text_model.${key}`, ref])) };
    },
  };
}

/**
 * Opens a folder of Stable Diffusion for its parts alone: config and places of weights, without a device.
 * @throws CheckpointError (file, expected, found) where it is not such a folder or names other classes
 */
export const openCheckpoint = (path: string): OpenParts<StableDiffusionParts> => {
  recognise(path, [STABLE_DIFFUSION]);
  return openParts(path, STABLE_DIFFUSION);
};

/** The ControlNets that the checkpoint was opened with. */
export const controlNetsOf = (parts: OpenParts<StableDiffusionParts>): readonly ControlNetPart[] =>
  parts.has("controlNets") ? parts.part("controlNets") : [];

/** The LoRAs and textual inversions that the checkpoint was opened with. */
export const adaptersOf = (parts: OpenParts<StableDiffusionParts>): Adapters =>
  parts.has("adapters") ? parts.part("adapters") : { loras: [], embeddings: [] };

/**
 * Checks U-Net, autoencoder and scheduler against their configs and against each other.
 * @throws CheckpointError where a key is missing, a shape is not its config's, or two parts do not fit each other
 */
export function expectPartsFit(parts: OpenParts<StableDiffusionParts>): void {
  const [unet, vae, { prediction }] = [parts.part("unet"), parts.part("vae"), parts.part("scheduler")];
  expectAutoencoderFits(vae, unet);
  // building a graph asks for every key with its shape
  const side = 2 ** (unet.config.blockOutChannels.length - 1);
  noiseProgram({ unet, prediction }).graph({ height: side, width: side, tokens: 1, texts: 1 }, 1);
  for (const controlNet of controlNetsOf(parts)) expectControlNetFits(controlNet, parts);
}

/** Text encoder and tokenizer, once they are needed. @throws CheckpointError where one is missing or does not fit */
export function textParts(parts: OpenParts<StableDiffusionParts>) {
  const [encoder, tokenizer, unet] = [parts.part("text_encoder"), parts.part("tokenizer"), parts.part("unet")];
  const { hiddenSize, maxPositionEmbeddings, vocabSize } = encoder.config;
  expectEqual(encoder.file, "hidden_size", hiddenSize, unet.config.crossAttentionDim, "the U-Net's cross_attention_dim");
  if (tokenizer.contextLength > maxPositionEmbeddings)
    throw new CheckpointError(encoder.file, {
      expected: `max_position_embeddings of at least ${tokenizer.contextLength}, the tokenizer's model_max_length`,
      found: String(maxPositionEmbeddings),
    });
  if (tokenizer.vocabSize > vocabSize)
    throw new CheckpointError(encoder.file, {
      expected: `vocab_size of at least ${tokenizer.vocabSize}, the tokenizer's`,
      found: String(vocabSize),
    });
  return { encoder, tokenizer };
}
