/** @file A checkpoint's parts, checked against their configs and against each other before anything is loaded. */

import { CheckpointError } from "../core/errors.js";
import type { ScheduleConfig } from "../diffusion/schedule.js";
import type { ClipTextConfig } from "../nets/clip-text.js";
import type { Part } from "../nets/parameters.js";
import type { PerceptualConfig } from "../nets/perceptual.js";
import { decodeProgram, noiseProgram } from "../nets/programs.js";
import type { UNetConfig } from "../nets/unet.js";
import type { VaeConfig } from "../nets/vae.js";
import type { Tokenizer } from "../text/tokenizer.js";
import type { Checkpoint } from "./folder.js";

export interface CheckedParts {
  readonly unet: Part<UNetConfig>;
  readonly vae: Part<VaeConfig>;
  readonly schedule: ScheduleConfig;
  readonly prediction: ScheduleConfig["prediction"];
  /** pixels a latent pixel */
  readonly scale: number;
  /** SyncDiffusion's recommended weight, where the folder states one */
  readonly weight: number | undefined;
  /** Text encoder and tokenizer. @throws CheckpointError where one is missing or does not fit */
  text(): { readonly encoder: Part<ClipTextConfig>; readonly tokenizer: Tokenizer };
  /** @throws CheckpointError where it is missing or does not fit */
  perceptual(): Part<PerceptualConfig>;
}

/**
 * U-Net, autoencoder and scheduler of a folder; the other parts when they are asked for.
 * @param perceptual files that take the place of perceptual/
 * @throws CheckpointError where a key is missing, a shape is not its config's, or two parts do not fit each other
 */
export function checkedParts(checkpoint: Checkpoint, perceptual?: Part<PerceptualConfig>): CheckedParts {
  const [unet, vae, schedule] = [checkpoint.part("unet"), checkpoint.part("vae"), checkpoint.scheduler()];
  const { latentChannels, blockOutChannels } = vae.config;
  const fits = (file: string, what: string, got: number, want: number, whose: string) => {
    if (got !== want) throw new CheckpointError(file, { expected: `${what} ${want}, ${whose}`, found: String(got) });
  };
  fits(unet.file, "in_channels", unet.config.inChannels, latentChannels, "the autoencoder's latent_channels");
  fits(unet.file, "out_channels", unet.config.outChannels, latentChannels, "the autoencoder's latent_channels");
  fits(vae.file, "in_channels", vae.config.inChannels, 3, "those of an RGB image");
  fits(vae.file, "out_channels", vae.config.outChannels, 3, "those of an RGB image");
  // building a graph asks for every key with its shape
  const side = 2 ** (unet.config.blockOutChannels.length - 1);
  noiseProgram({ unet, prediction: schedule.prediction }, { batch: 1, height: side, width: side, tokens: 1, rows: 1 });
  decodeProgram(vae, { batch: 1, height: 1, width: 1, edge: "open" });

  return {
    unet,
    vae,
    schedule,
    prediction: schedule.prediction,
    scale: 2 ** (blockOutChannels.length - 1),
    weight: !perceptual && checkpoint.has("perceptual") ? checkpoint.part("perceptual").config.weight : undefined,
    text() {
      const [encoder, tokenizer] = [checkpoint.part("text_encoder"), checkpoint.tokenizer()];
      const { hiddenSize, maxPositionEmbeddings, vocabSize } = encoder.config;
      fits(encoder.file, "hidden_size", hiddenSize, unet.config.crossAttentionDim, "the U-Net's cross_attention_dim");
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
    },
    perceptual: () => perceptual ?? checkpoint.part("perceptual"),
  };
}
