/** @file What a synchronised step of a checkpoint will take on this machine's CPU, from the work that its graphs hold. */
import { availableParallelism } from "node:os";
import type { Prediction } from "../diffusion/notation.js";
import { matrixRate } from "../engine/matrix-rate.js";
import { flopsOf } from "../graph/flops.js";
import type { GuidedSize } from "../nets/guided-denoiser.js";
import { modelEnvironment } from "./environment.js";
import type { OpenParts } from "./pipeline.js";
import { anyOf } from "./pipelines.js";
import { partsOf, placeOf } from "./place.js";
import { stableDiffusion } from "./stable-diffusion.js";
import type { StableDiffusionParts } from "./stable-diffusion-parts.js";
import { stableDiffusionPrograms } from "./stable-diffusion-programs.js";

/** Operations for one window, a multiplication and an addition counting two. */
export interface StepFlops {
  /** of the guided noise */
  readonly noise: number;
  /** of LPIPS to the anchor with its gradient; absent for a checkpoint without a perceptual network */
  readonly gradient?: number;
}

/** What a step of SyncDiffusion will take on the CPU; without a perceptual network, a step of MultiDiffusion. */
export interface StepEstimate {
  readonly threads: number;
  /** of matrix products on all threads, measured, operations per second */
  readonly rate: number;
  readonly flops: StepFlops;
  /** per window: at the whole rate, which large networks come near, and at the share of it that the bundled model reaches */
  readonly secondsPerWindow: readonly [least: number, most: number];
}

/** The share of the rate of matrix products that the bundled model's step reaches, 128 px a window; measured: docs/performance.md. */
const SMALL_SHARE = 0.5;
/** Of CLIP. */
const TOKENS = 77;

/** Operations per window of a checkpoint of Stable Diffusion at the size that it was trained on. */
export function stepFlops(parts: OpenParts<StableDiffusionParts>): StepFlops {
  const { unet, programs } = stableDiffusionPrograms(parts, { precision: "float32", embedding: "computed" });
  const size: GuidedSize = { height: unet.sampleSize, width: unet.sampleSize, tokens: TOKENS, texts: 2 };
  const noise = flopsOf(programs.noise.graph(size, 1));
  return parts.has("perceptual") ? { noise, gradient: flopsOf(programs.gradient().graph(size, 1)) } : { noise };
}

/**
 * Estimates a step; measures the machine for a third of a second.
 * @returns undefined for a checkpoint of another kind than Stable Diffusion
 * @throws CheckpointError as `openModel`
 */
export async function estimateStep(pathOrName: string, prediction?: Prediction): Promise<StepEstimate | undefined> {
  const { pipeline, own } = partsOf(placeOf(pathOrName), prediction);
  if (pipeline !== anyOf(stableDiffusion)) return undefined;
  const flops = stepFlops(own as unknown as OpenParts<StableDiffusionParts>);
  const threads = modelEnvironment().threads ?? availableParallelism();
  const rate = threads * (await matrixRate());
  const least = (flops.noise + (flops.gradient ?? 0)) / rate;
  return { threads, rate, flops, secondsPerWindow: [least, least / SMALL_SHARE] };
}
