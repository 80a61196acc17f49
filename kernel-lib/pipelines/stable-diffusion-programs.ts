/** @file The programs of a checkpoint of Stable Diffusion, each made once, and what they say of it: config and digest. */
import { once } from "../core/once.js";
import type { JointModelConfig } from "../diffusion/joint-model.js";
import { createSchedule } from "../diffusion/schedule.js";
import { textProgram } from "../nets/clip-text.js";
import { controlledNoiseProgram } from "../nets/controlled-denoiser.js";
import { type DenoisingNetwork, foreseeProgram, noiseProgram, pullNoiseProgram, rowNoiseProgram } from "../nets/guided-denoiser.js";
import { mergedNoiseProgram } from "../nets/merged-denoiser.js";
import { decodedGradientProgram, type ImageDistance, perceptualGradientProgram } from "../nets/perceptual-gradient.js";
import { distanceToEachProgram, distanceToOneProgram, featureDistanceProgram, featuresProgram } from "../nets/perceptual-programs.js";
import { residualSizesProgram } from "../nets/residual-sizes.js";
import { autoencoderPrograms } from "./autoencoder.js";
import { digestBeside, digestCheckpoint } from "./digest.js";
import type { OpenParts } from "./pipeline.js";
import { controlNetsOf, type StableDiffusionParts, textParts } from "./stable-diffusion-parts.js";

/** The programs of a checkpoint, and the configs that their calls are checked by. */
export type StableDiffusionPrograms = ReturnType<typeof stableDiffusionPrograms>;

/** The programs of a checkpoint. @param how precision of the U-Net and of the decoder in the gradient, and whether the timestep's embedding is computed in the graph or fed */
export function stableDiffusionPrograms(
  parts: OpenParts<StableDiffusionParts>,
  {
    precision,
    decoderPrecision,
    embedding,
  }: Pick<DenoisingNetwork, "decoderPrecision"> & Required<Pick<DenoisingNetwork, "precision" | "embedding">>,
) {
  const [unet, vae, scheduler] = [parts.part("unet"), parts.part("vae"), parts.part("scheduler")];
  const controlNets = controlNetsOf(parts);
  const network: DenoisingNetwork = { unet, prediction: scheduler.prediction, precision, decoderPrecision, embedding, controlNets };
  const lpips = () => parts.part("perceptual");
  return {
    unet: unet.config,
    embedding,
    controlNets: controlNets.map(({ config }) => config),
    vae: vae.config,
    channels: vae.config.latentChannels,
    scale: 2 ** (vae.config.blockOutChannels.length - 1),
    schedule: createSchedule(scheduler),
    programs: {
      noise: noiseProgram(network),
      foresee: foreseeProgram(network, vae),
      gradient: byDistance((distance) => perceptualGradientProgram(network, vae, lpips(), distance)),
      decodedGradient: byDistance((distance) => decodedGradientProgram(vae, lpips(), distance)),
      ...autoencoderPrograms(vae),
      mergedNoise: mergedNoiseProgram(network),
      rowNoise: rowNoiseProgram(network),
      controlledNoise: controlledNoiseProgram(network),
      pullNoise: pullNoiseProgram(network),
      residualSizes: residualSizesProgram(network),
      distanceToOne: once(() => distanceToOneProgram(lpips())),
      distanceToEach: once(() => distanceToEachProgram(lpips())),
      features: once(() => featuresProgram(lpips())),
      featureDistance: once(() => featureDistanceProgram(lpips())),
    },
    text: once(() => {
      const { encoder, tokenizer } = textParts(parts);
      return { tokenizer, program: textProgram(encoder) };
    }),
  };
}

/** A program for each distance, made when it is first asked for. */
function byDistance<P>(make: (distance: ImageDistance) => P): (distance?: ImageDistance) => P {
  const made = { lpips: once(() => make("lpips")), style: once(() => make("style")) };
  return (distance = "lpips") => made[distance]();
}

/** What joint methods need to know of the checkpoint. */
export function jointConfigOf(parts: OpenParts<StableDiffusionParts>): Required<Omit<JointModelConfig, "weight">> & JointModelConfig {
  const [{ config: unet }, { config: vae }] = [parts.part("unet"), parts.part("vae")];
  const { sampler, ...schedule } = parts.part("scheduler");
  const weight = parts.has("perceptual") ? parts.part("perceptual").config.weight : undefined;
  return {
    latentChannels: vae.latentChannels,
    scaleFactor: 2 ** (vae.blockOutChannels.length - 1),
    window: unet.sampleSize,
    windowMultiple: 2 ** (unet.blockOutChannels.length - 1),
    schedule,
    sampler,
    ...(weight === undefined ? {} : { weight }),
    controlNets: controlNetsOf(parts).map(({ name }) => name),
  };
}

/** The checkpoint's digest, with its ControlNets. */
export const digestOf = (parts: OpenParts<StableDiffusionParts>): string =>
  parts.digest?.() ?? digestBeside(digestCheckpoint(parts, ["unet", "vae", "text_encoder", "perceptual", "dual"]), controlNetsOf(parts));
