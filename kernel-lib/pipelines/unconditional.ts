/**
 * @file Diffusion without text: a U-Net over the latents of an autoencoder (diffusers' LDMPipeline, whose autoencoder's folder is vqvae/), or over
 * pixels (DDPMPipeline). A checkpoint's parts become an UnconditionalModel.
 */
import { readJson } from "../core/json.js";
import { once } from "../core/once.js";
import { expectShape } from "../core/tensor.js";
import type { Autoencoder, UnconditionalDenoiser } from "../diffusion/capabilities.js";
import { createSchedule, type ScheduleConfig } from "../diffusion/schedule.js";
import type { Engine } from "../engine/engine.js";
import type { Part } from "../nets/parameters.js";
import { timestepEmbedding } from "../nets/timestep-embedding.js";
import { unconditionalNoiseProgram } from "../nets/unconditional-denoiser.js";
import { type UnconditionalUNetConfig, unconditionalUNetConfig } from "../nets/unconditional-unet.js";
import { type VaeConfig, vaeConfig } from "../nets/vae.js";
import { autoencoder, autoencoderPrograms, expectAutoencoderFits } from "./autoencoder.js";
import { digestCheckpoint } from "./digest.js";
import { expectEqual } from "./expect-equal.js";
import { networkReader } from "./folder.js";
import type { UnconditionalModel } from "./model.js";
import type { OpenParts, PartReader, Pipeline } from "./pipeline.js";
import { schedulerConfig, schedulerFile, schedulerReader } from "./scheduler-config.js";

interface LatentParts {
  readonly unet: Part<UnconditionalUNetConfig>;
  readonly vqvae: Part<VaeConfig>;
  readonly scheduler: ScheduleConfig;
}

interface PixelParts {
  readonly unet: Part<UnconditionalUNetConfig>;
  readonly scheduler: { readonly config: ScheduleConfig; readonly clips: boolean };
}

const WEIGHTS = ["diffusion_pytorch_model"];
const unetReader = networkReader(unconditionalUNetConfig, WEIGHTS, ["UNet2DModel"]);

/** Over an autoencoder's latents. @source diffusers, pipelines/latent_diffusion_uncond */
export const latentDiffusion: Pipeline<UnconditionalModel, LatentParts> = {
  name: "Unconditional latent diffusion",
  classes: ["LDMPipeline"],
  parts: { unet: unetReader, vqvae: networkReader(vaeConfig, WEIGHTS, ["AutoencoderKL"]), scheduler: schedulerReader },
  check(parts) {
    const [unet, { prediction }] = [parts.part("unet"), parts.part("scheduler")];
    expectAutoencoderFits(parts.part("vqvae"), unet);
    expectKeys(unet, prediction);
  },
  open(parts, engine) {
    const vae = parts.part("vqvae");
    return unconditionalModel(parts, engine, {
      schedule: parts.part("scheduler"),
      scale: 2 ** (vae.config.blockOutChannels.length - 1),
      notices: [],
      digest: () => digestCheckpoint(parts, ["unet", "vqvae"]),
      coder: autoencoder(engine, vae.config, autoencoderPrograms(vae)),
    });
  },
};

/** DDPM clips each x0 that it predicts; a sampler here does not, and the model's notices say so. */
const clippingScheduler: PartReader<PixelParts["scheduler"]> = {
  read(folder) {
    const file = schedulerFile(folder);
    const json = readJson(file);
    return { config: schedulerConfig(file, { ...json, clip_sample: false }), clips: json.clip_sample !== false };
  },
};

/** Over RGB pixels: latent and image are one. @source diffusers, pipelines/ddpm */
export const pixelDiffusion: Pipeline<UnconditionalModel, PixelParts> = {
  name: "Unconditional diffusion of pixels",
  classes: ["DDPMPipeline", "DDIMPipeline"],
  parts: { unet: unetReader, scheduler: clippingScheduler },
  check(parts) {
    const [unet, { config }] = [parts.part("unet"), parts.part("scheduler")];
    expectEqual(unet.file, "in_channels", unet.config.inChannels, 3, "those of an RGB image");
    expectEqual(unet.file, "out_channels", unet.config.outChannels, 3, "those of an RGB image");
    expectKeys(unet, config.prediction);
  },
  open(parts, engine) {
    const same = async (who: string, pixels: Parameters<Autoencoder["encode"]>[0]) => {
      engine.expectOpen(who);
      expectShape(who, pixels, ["N", 3, "H", "W"]);
      return pixels;
    };
    const { config: schedule, clips } = parts.part("scheduler");
    return unconditionalModel(parts, engine, {
      schedule,
      scale: 1,
      notices: clips ? ["the scheduler's clip_sample is not followed: predicted images are not clipped"] : [],
      digest: () => digestCheckpoint(parts, ["unet"]),
      coder: { encode: (image) => same("encode", image), decode: (latent) => same("decode", latent) },
    });
  },
};

/** Building a graph asks for every key with its shape. @throws CheckpointError for one that is missing or does not fit */
function expectKeys(unet: Part<UnconditionalUNetConfig>, prediction: ScheduleConfig["prediction"]): void {
  const side = 2 ** (unet.config.blockOutChannels.length - 1);
  unconditionalNoiseProgram({ unet, prediction }).graph({ height: side, width: side }, 1);
}

interface Rest {
  readonly schedule: ScheduleConfig;
  /** pixels per latent pixel */
  readonly scale: number;
  readonly coder: Autoencoder;
  readonly notices: readonly string[];
  readonly digest: () => string;
}

function unconditionalModel(
  parts: OpenParts<Pick<LatentParts, "unet">>,
  engine: Engine,
  { schedule, scale, coder, notices, digest: compute }: Rest,
): UnconditionalModel {
  const { config: unet } = parts.part("unet");
  const digest = once(compute);
  return {
    config: {
      latentChannels: unet.inChannels,
      scaleFactor: scale,
      window: unet.sampleSize,
      windowMultiple: 2 ** (unet.blockOutChannels.length - 1),
      schedule,
    },
    path: parts.path,
    device: engine.device,
    precision: engine.precision,
    threads: engine.threads,
    notices: [...engine.notices, ...notices],
    get digest() {
      return digest();
    },
    ...denoiser(parts.part("unet"), schedule, engine),
    ...coder,
    close: () => engine.close(),
  };
}

function denoiser(
  unet: Part<UnconditionalUNetConfig>,
  config: ScheduleConfig,
  engine: Engine,
): UnconditionalDenoiser & Pick<UnconditionalModel, "batchSize"> {
  const { precision, device } = engine;
  const embedding = device === "webgpu" ? "fed" : "computed";
  const program = unconditionalNoiseProgram({ unet, prediction: config.prediction, precision, embedding });
  const schedule = createSchedule(config);
  return {
    batchSize(_, { height, width }) {
      engine.expectOpen("batchSize");
      return engine.plan(program, { height, width }).mostRows();
    },
    async predictNoise(latent, { timestep, batch }) {
      engine.expectOpen("predictNoise");
      expectShape("predictNoise: latent", latent, ["N", unet.config.inChannels, "h", "w"]);
      const { trainTimesteps } = config;
      if (!Number.isInteger(timestep) || timestep < 0 || timestep >= trainTimesteps)
        throw new RangeError(`predictNoise: timestep ${timestep}, want a whole number from 0 to ${trainTimesteps - 1}`);
      const [, , height, width] = latent.shape;
      const { alpha, sigma } = schedule.level(timestep);
      const shared = {
        timestep: scalar(timestep),
        timestepEmbedding: timestepEmbedding(unet.config, [timestep]),
        alpha: scalar(alpha),
        sigma: scalar(sigma),
      };
      return (await engine.call(program, { height, width }, { rows: { latent }, shared }, batch)).noise;
    },
  };
}

const scalar = (x: number) => ({ data: Float32Array.of(x), shape: [1] });
