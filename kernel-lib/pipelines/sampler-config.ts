/** @file Which sampler a diffusers scheduler_config.json names, and its options. One line per class. */
import { type Form, form, object, oneOf, only, optional, readForm, whole, yesNo } from "../core/forms.js";
import type { JsonObject } from "../core/json.js";
import type { SamplerChoice } from "../diffusion/samplers/samplers.js";
import { TIMESTEP_SPACINGS, type TimestepSpacing } from "../diffusion/timestep-spacing.js";

/** How a scheduler class becomes a sampler. */
interface SchedulerClass {
  /** diffusers' default of `timestep_spacing` in this class */
  readonly spacing: TimestepSpacing;
  /** diffusers' default of `set_alpha_to_one` in this class */
  readonly alphaToOne: boolean;
  /** the class's own keys as the sampler's options. @throws CheckpointError naming the key */
  readonly sampler: (file: string, json: JsonObject) => SamplerChoice;
}

/** Other ways of spacing noise levels, which no sampler here knows. */
const NO_OTHER_SIGMAS = only({
  use_exponential_sigmas: [false],
  use_beta_sigmas: [false],
  use_lu_lambdas: [false],
  use_flow_sigmas: [false],
  euler_at_final: [false],
});
const levels = (karras: boolean) => (karras ? "karras" : "timesteps");
const fixed =
  <T>(keys: Form<T>, choice: SamplerChoice): SchedulerClass["sampler"] =>
  (file, json) => {
    readForm(file, keys, json);
    return choice;
  };

const EULER = object({
  ...NO_OTHER_SIGMAS,
  ...only({
    interpolation_type: ["linear"],
    timestep_type: ["discrete"],
    final_sigmas_type: ["zero"],
    sigma_min: [null],
    sigma_max: [null],
  }),
  use_karras_sigmas: optional(yesNo, false),
});
const DPM = object({
  ...NO_OTHER_SIGMAS,
  ...only({
    algorithm_type: ["dpmsolver++"],
    solver_type: ["midpoint"],
    lower_order_final: [true],
    variance_type: [null],
    lambda_min_clipped: [null, Number.NEGATIVE_INFINITY],
  }),
  solver_order: optional(
    form<1 | 2>("1 or 2", (order) => order === 1 || order === 2),
    2,
  ),
  use_karras_sigmas: optional(yesNo, false),
  final_sigmas_type: optional(oneOf(["zero", "sigma_min"]), "zero"),
});
const UNIPC = object({
  ...NO_OTHER_SIGMAS,
  ...only({
    use_karras_sigmas: [false],
    solver_order: [2],
    solver_type: ["bh2"],
    predict_x0: [true],
    lower_order_final: [true],
    disable_corrector: [[]],
    final_sigmas_type: ["zero"],
  }),
});
const LCM = object({ original_inference_steps: optional(whole(), 50), timestep_scaling: optional(whole(), 10) });
const DDPM = object({ variance_type: optional(oneOf(["fixed_small", "fixed_large"]), "fixed_small") });

/** Every scheduler class that opens. */
export const SCHEDULER_CLASSES: Readonly<Record<string, SchedulerClass>> = {
  DDIMScheduler: { spacing: "leading", alphaToOne: true, sampler: () => ({ name: "ddim" }) },
  DDPMScheduler: {
    spacing: "leading",
    alphaToOne: true,
    sampler: (file, json) => ({ name: "ddpm", variance: readForm(file, DDPM, json).variance_type === "fixed_large" ? "large" : "small" }),
  },
  EulerDiscreteScheduler: {
    spacing: "linspace",
    alphaToOne: true,
    sampler: (file, json) => ({ name: "euler", levels: levels(readForm(file, EULER, json).use_karras_sigmas) }),
  },
  EulerAncestralDiscreteScheduler: { spacing: "linspace", alphaToOne: true, sampler: fixed(object(NO_OTHER_SIGMAS), { name: "euler-a" }) },
  DPMSolverMultistepScheduler: {
    spacing: "linspace",
    alphaToOne: true,
    sampler(file, json) {
      const { solver_order, use_karras_sigmas, final_sigmas_type } = readForm(file, DPM, json);
      return {
        name: "dpmpp-2m",
        order: solver_order,
        levels: levels(use_karras_sigmas),
        last: final_sigmas_type === "zero" ? "zero" : "timestep 0",
      };
    },
  },
  // without skip_prk_steps diffusers begins with Runge-Kutta steps; Stable Diffusion's folders leave them out
  PNDMScheduler: {
    spacing: "leading",
    alphaToOne: false,
    sampler: fixed(object(only({ skip_prk_steps: [true] })), { name: "pndm" }),
  },
  LCMScheduler: {
    spacing: "leading",
    alphaToOne: true,
    sampler(file, json) {
      const { original_inference_steps, timestep_scaling } = readForm(file, LCM, json);
      return { name: "lcm", originalSteps: original_inference_steps, timestepScaling: timestep_scaling };
    },
  },
  UniPCMultistepScheduler: { spacing: "linspace", alphaToOne: true, sampler: fixed(UNIPC, { name: "unipc" }) },
};

/** The form of `timestep_spacing`. */
export const SPACING = oneOf(TIMESTEP_SPACINGS);
