/** @file scheduler/scheduler_config.json: the noise schedule a checkpoint was trained with. */
import { fieldsOf } from "../core/fields.js";
import type { JsonObject } from "../core/json.js";
import type { ScheduleConfig } from "../diffusion/schedule.js";

/**
 * Any scheduler class's config, read with DDIM's keys and defaults as diffusers' from_config does: published folders name PNDM.
 * An absent `clip_sample` means false here, as diffusers' StableDiffusionPipeline sets it, though DDIM alone would clip.
 * @throws CheckpointError naming the key
 */
export function schedulerConfig(file: string, json: JsonObject): ScheduleConfig {
  const f = fieldsOf(file, json);
  const name = f.get("_class_name");
  if (typeof name !== "string" || !/Scheduler$/.test(name)) f.refuse("_class_name", "the name of a scheduler", name);
  f.only({
    clip_sample: [false],
    rescale_betas_zero_snr: [false],
    thresholding: [false],
    timestep_spacing: ["leading"],
    trained_betas: [null],
  });
  const beta = { min: 0, max: 0.999 };
  const trainTimesteps = f.whole("num_train_timesteps", 1000, { min: 2, max: 100_000 });
  return {
    betaStart: f.real("beta_start", 0.0001, beta),
    betaEnd: f.real("beta_end", 0.02, beta),
    betaSchedule: f.oneOf("beta_schedule", ["scaled_linear", "linear"], "linear"),
    trainTimesteps,
    stepsOffset: f.whole("steps_offset", 0, { min: 0, max: trainTimesteps }),
    setAlphaToOne: f.yesNo("set_alpha_to_one", true),
    prediction: f.oneOf("prediction_type", ["epsilon", "v_prediction", "sample"], "epsilon"),
  };
}
