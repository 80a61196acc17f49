/** @file scheduler/scheduler_config.json: the noise schedule a checkpoint was trained with, and the sampler that it names. */
import { join } from "node:path";
import { CheckpointError } from "../core/errors.js";
import { misfit, object, oneOf, only, optional, readForm, real, text, whole, yesNo } from "../core/forms.js";
import { type JsonObject, readJson } from "../core/json.js";
import { PREDICTIONS } from "../diffusion/notation.js";
import type { SamplerChoice } from "../diffusion/samplers/samplers.js";
import type { ScheduleConfig } from "../diffusion/schedule.js";
import type { PartReader } from "./pipeline.js";
import { SCHEDULER_CLASSES, SPACING } from "./sampler-config.js";

const BETA = real({ min: 0, max: 0.999 });
const SCHEDULER = object({
  ...only({ thresholding: [false], trained_betas: [null] }),
  // StableDiffusionPipeline and StableDiffusionPanoramaPipeline take true as false too (diffusers PR 2393)
  clip_sample: optional(yesNo),
  beta_start: BETA,
  beta_end: BETA,
  beta_schedule: oneOf(["scaled_linear", "linear"]),
  num_train_timesteps: optional(whole({ min: 2, max: 100_000 }), 1000),
  rescale_betas_zero_snr: optional(yesNo, false),
  timestep_spacing: optional(SPACING),
  set_alpha_to_one: optional(yesNo),
  // not of diffusers: the latent-diffusion code computes its betas in float64
  precision: optional(oneOf(["float32", "float64"]), "float32"),
  prediction_type: optional(oneOf(PREDICTIONS), "epsilon"),
});

/** A checkpoint's noise schedule, and the sampler that its scheduler class names. */
export interface SchedulerPart extends ScheduleConfig {
  readonly sampler: SamplerChoice;
}

/**
 * A scheduler's config. The class chooses the sampler, and the defaults of `timestep_spacing` and `set_alpha_to_one`.
 * @throws CheckpointError naming the key, and for a class that no sampler here stands for, such as the flow-matching ones
 */
export function schedulerConfig(file: string, json: JsonObject): SchedulerPart {
  const { _class_name: name } = readForm(file, object({ _class_name: text(/Scheduler$/, "the name of a scheduler") }), json);
  if (!Object.hasOwn(SCHEDULER_CLASSES, name))
    throw new CheckpointError(file, {
      expected: `_class_name: ${Object.keys(SCHEDULER_CLASSES).join(", ")}`,
      found: /flow/i.test(name) ? `${name}, of a flow-matching model, which has no noise schedule` : name,
    });
  const { spacing, alphaToOne, sampler } = SCHEDULER_CLASSES[name];
  const c = readForm(file, SCHEDULER, json);
  const trainTimesteps = c.num_train_timesteps;
  const { steps_offset } = readForm(file, object({ steps_offset: optional(whole({ min: 0, max: trainTimesteps }), 0) }), json);
  if (c.rescale_betas_zero_snr && c.prediction_type === "epsilon")
    throw misfit(file, "prediction_type", "v_prediction or sample, where rescale_betas_zero_snr is true", c.prediction_type);
  return {
    betaStart: c.beta_start,
    betaEnd: c.beta_end,
    betaSchedule: c.beta_schedule,
    trainTimesteps,
    stepsOffset: steps_offset,
    spacing: c.timestep_spacing ?? spacing,
    setAlphaToOne: c.set_alpha_to_one ?? alphaToOne,
    prediction: c.prediction_type,
    sampler: sampler(file, json),
    ...(c.rescale_betas_zero_snr ? { terminalSnr: "zero" } : {}),
    ...(c.precision === "float64" ? { precision: c.precision } : {}),
  };
}

/** Reads the part scheduler/ of a checkpoint. */
export const schedulerReader: PartReader<SchedulerPart> = {
  read(folder) {
    const file = schedulerFile(folder);
    return schedulerConfig(file, readJson(file));
  },
};

/** The config's file in the part's folder. */
export const schedulerFile = (folder: string): string => join(folder, "scheduler_config.json");
