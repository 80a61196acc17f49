/** @file What a served or an exported model says of itself, so that one without its weights can ask it: configs, digest, precision, context. */
import type { JointModelConfig } from "../../diffusion/joint-model.js";
import type { Precision } from "../../graph/half.js";
import type { ClipTextConfig } from "../../nets/clip-text.js";
import type { DualEncoderConfig } from "../../nets/dual-encoder.js";
import type { PerceptualConfig } from "../../nets/perceptual.js";
import type { UNetConfig } from "../../nets/unet.js";
import type { VaeConfig } from "../../nets/vae.js";
import type { Adapters } from "../adapters/with-adapters.js";
import type { OpenParts } from "../pipeline.js";
import type { SchedulerPart } from "../scheduler-config.js";
import { adaptersOf, type StableDiffusionParts } from "../stable-diffusion-parts.js";
import { digestOf, jointConfigOf } from "../stable-diffusion-programs.js";

/** The configs of a checkpoint's parts, by the parts' names; those that it lacks are absent. */
export interface PartConfigs {
  readonly unet: UNetConfig;
  readonly vae: VaeConfig;
  readonly scheduler: SchedulerPart;
  readonly text_encoder?: ClipTextConfig;
  readonly perceptual?: PerceptualConfig;
  readonly dual?: DualEncoderConfig;
  readonly adapters: Adapters;
}

/** What a model says of itself. */
export interface ModelDescription {
  /** of this description */
  readonly format: typeof DESCRIPTION_FORMAT;
  /** what joint methods need to know */
  readonly config: JointModelConfig;
  readonly parts: PartConfigs;
  readonly digest: string;
  /** of the U-Net */
  readonly precision: Precision;
  /** tokens per prompt; absent in a checkpoint without a tokenizer */
  readonly context?: number;
}

/** The version of a description: it goes up when an older reader would misread it. */
export const DESCRIPTION_FORMAT = 1;

/** Describes a checkpoint. */
export function describeParts(parts: OpenParts<StableDiffusionParts>, precision: Precision): ModelDescription {
  const { has } = parts;
  return {
    format: DESCRIPTION_FORMAT,
    config: jointConfigOf(parts),
    parts: {
      unet: parts.part("unet").config,
      vae: parts.part("vae").config,
      scheduler: parts.part("scheduler"),
      ...(has("text_encoder") && { text_encoder: parts.part("text_encoder").config }),
      ...(has("perceptual") && { perceptual: parts.part("perceptual").config }),
      ...(has("dual") && { dual: parts.part("dual").config }),
      adapters: adaptersOf(parts),
    },
    digest: digestOf(parts),
    precision,
    ...(has("tokenizer") && { context: parts.part("tokenizer").contextLength }),
  };
}

/** The description as the string parameters of a model's configuration, in Triton's form. */
export const descriptionParameters = ({
  format,
  config,
  parts,
  digest,
  precision,
  context,
}: ModelDescription): Readonly<Record<string, string>> => ({
  format: String(format),
  "veduta.config": JSON.stringify(config),
  "veduta.parts": JSON.stringify(parts),
  digest,
  precision,
  ...(context !== undefined && { context: String(context) }),
});
