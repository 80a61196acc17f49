/** @file The steps of a joint run: which sampler takes them, and how many of them. */
import type { JointModelConfig } from "../../diffusion/joint-model.js";
import type { Sampler, SamplerPath } from "../../diffusion/samplers/sampler.js";
import { type SamplerChoice, type SamplerName, samplerOf } from "../../diffusion/samplers/samplers.js";
import { createSchedule } from "../../diffusion/schedule.js";

/** What decides the steps of a run. */
export interface PathOptions {
  readonly sampler: SamplerName;
  readonly eta: number;
  readonly steps: number;
  /** of a run that starts from a picture */
  readonly strength?: number;
}

/** The sampler of a run: the checkpoint's with the checkpoint's options, or another. */
export const samplerWith = ({ sampler, eta }: Pick<PathOptions, "sampler" | "eta">, config: JointModelConfig): Sampler =>
  samplerOf({
    ...(config.sampler?.name === sampler ? config.sampler : { name: sampler }),
    ...(sampler === "ddim" && { eta }),
  } as SamplerChoice);

/** The steps of a run. @throws RangeError for a number of steps that the schedule does not have */
export const pathOf = (options: PathOptions, config: JointModelConfig): SamplerPath =>
  samplerWith(options, config).path(createSchedule(config.schedule), options.steps, options.steps - stepsTaken(options));

/**
 * Steps that a run takes: all, or with a picture to start from the share that its strength says.
 * @source diffusers 0.40.0, pipeline_stable_diffusion_img2img.py, `get_timesteps`
 */
export const stepsTaken = ({ steps, strength = 1 }: Pick<PathOptions, "steps" | "strength">): number => Math.floor(steps * strength);
