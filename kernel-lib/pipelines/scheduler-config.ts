/** @file scheduler/scheduler_config.json: the noise schedule a checkpoint was trained with. */
import { join } from "node:path";
import { form, object, oneOf, only, optional, readForm, real, whole, yesNo } from "../core/forms.js";
import { type JsonObject, readJson } from "../core/json.js";
import type { ScheduleConfig } from "../diffusion/schedule.js";
import type { PartReader } from "./pipeline.js";

const BETA = real({ min: 0, max: 0.999 });
const SCHEDULER = object({
  _class_name: form("the name of a scheduler", (name) => typeof name === "string" && /Scheduler$/.test(name)),
  ...only({
    clip_sample: [false],
    rescale_betas_zero_snr: [false],
    thresholding: [false],
    timestep_spacing: ["leading"],
    trained_betas: [null],
  }),
  beta_start: optional(BETA, 0.0001),
  beta_end: optional(BETA, 0.02),
  beta_schedule: optional(oneOf(["scaled_linear", "linear"]), "linear"),
  num_train_timesteps: optional(whole({ min: 2, max: 100_000 }), 1000),
  set_alpha_to_one: optional(yesNo, true),
  // not of diffusers: the latent-diffusion code computes its betas in float64
  precision: optional(oneOf(["float32", "float64"]), "float32"),
  prediction_type: optional(oneOf(["epsilon", "v_prediction", "sample"]), "epsilon"),
});

/**
 * Any scheduler class's config, read with DDIM's keys and defaults as diffusers' from_config does: published folders name PNDM.
 * An absent `clip_sample` means false here, as diffusers' StableDiffusionPipeline sets it, though DDIM alone would clip.
 * @throws CheckpointError naming the key
 */
export function schedulerConfig(file: string, json: JsonObject): ScheduleConfig {
  const c = readForm(file, SCHEDULER, json);
  const trainTimesteps = c.num_train_timesteps;
  const { steps_offset } = readForm(file, object({ steps_offset: optional(whole({ min: 0, max: trainTimesteps }), 0) }), json);
  return {
    betaStart: c.beta_start,
    betaEnd: c.beta_end,
    betaSchedule: c.beta_schedule,
    trainTimesteps,
    stepsOffset: steps_offset,
    setAlphaToOne: c.set_alpha_to_one,
    prediction: c.prediction_type,
    ...(c.precision === "float64" ? { precision: c.precision } : {}),
  };
}

/** Reads the part scheduler/ of a checkpoint. */
export const schedulerReader: PartReader<ScheduleConfig> = {
  read(folder) {
    const file = schedulerFile(folder);
    return schedulerConfig(file, readJson(file));
  },
};

/** The config's file in the part's folder. */
export const schedulerFile = (folder: string): string => join(folder, "scheduler_config.json");
