/** Golden: samplers/, diffusers' schedulers of v0.40.0 on a formula in place of a network: timesteps, every latent, the schedules. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "#kernel-lib/core/json.js";
import type { Sampler } from "#kernel-lib/diffusion/samplers/sampler.js";
import { samplerOf } from "#kernel-lib/diffusion/samplers/samplers.js";
import { createSchedule } from "#kernel-lib/diffusion/schedule.js";
import { schedulerConfig } from "#kernel-lib/pipelines/scheduler-config.js";
import { followScheduler } from "../fixtures/follow-scheduler.js";
import { golden, readGolden } from "./golden.mjs";

/** README-methods.md: latents, per step, over the standard deviation of the golden ones. */
const LATENTS = 3e-5;
/** Karras levels are interpolated. */
const INTERPOLATED = 1e-3;

interface Case {
  readonly case: string;
  readonly class: string;
  readonly config: JsonObject;
  readonly num_inference_steps: number;
  readonly eta?: number;
}

const FILES = ["ddim", "ddpm", "euler", "euler_ancestral", "dpmpp", "pndm", "lcm", "unipc"];
const folder = "samplers";
const here = existsSync(golden(`${folder}/ddim.json`));
const why = here ? "" : " (skipped: ../shared/golden is not here)";
const read = (file: string) => JSON.parse(readFileSync(golden(`${folder}/${file}.json`), "utf8"));

describe.skipIf(!here)(`samplers${why}`, () => {
  describe.each(here ? FILES : [])("%s", (file) => {
    const tensors = readGolden(`${folder}/${file}.safetensors`);
    const { cases } = read(file) as { readonly cases: readonly Case[] };

    test.each(cases.map((each) => [each.case, each] as const))("%s: every latent of the run", (name, one) => {
      const g = (key: string) => tensors[`${name}/${key}`];
      const part = schedulerConfig(file, { _class_name: one.class, ...one.config });
      const sampler: Sampler = samplerOf(one.eta ? { name: "ddim", eta: one.eta } : part.sampler);
      const run = { part, sampler, steps: one.num_inference_steps, tensor: g, clip: one.config.clip_sample === true };
      const { timesteps, errors, draws, kept } = followScheduler(run);
      const karras = name.includes("karras");
      const wanted = [...g("timesteps").data];
      expect(timesteps).toHaveLength(wanted.length);
      for (const [k, t] of timesteps.entries()) expect(Math.abs(t - wanted[k])).toBeLessThanOrEqual(karras ? INTERPOLATED : 0);
      const limit = name.includes("eta1.zsnr") ? 2e-3 : karras ? INTERPOLATED : LATENTS;
      for (const [step, error] of errors.entries()) expect([step, error < limit]).toEqual([step, true]);
      expect(kept).toBeLessThanOrEqual(sampler.keeps);
      expect(draws).toBe(sampler.draws === "none" ? 0 : (g("noise")?.shape[0] ?? 0));
    });
  });

  test("timesteps of 21 numbers of steps, for every scheduler and spacing", () => {
    const betas = { beta_start: 0.00085, beta_end: 0.012, beta_schedule: "scaled_linear", steps_offset: 1 };
    const classes: Readonly<Record<string, string>> = {
      "ddim,ddpm": "DDIMScheduler",
      pndm: "PNDMScheduler",
      "euler,euler_ancestral": "EulerDiscreteScheduler",
      "dpmpp,unipc": "UniPCMultistepScheduler",
    };
    const { timesteps } = read("timesteps") as {
      readonly timesteps: Readonly<Record<string, Readonly<Record<string, Record<string, number[]>>>>>;
    };
    let compared = 0;
    for (const [names, spacings] of Object.entries(timesteps))
      for (const [spacing, runs] of Object.entries(
        names === "lcm" ? { leading: spacings as unknown as Record<string, number[]> } : spacings,
      ))
        for (const [steps, want] of Object.entries(runs)) {
          if (!Array.isArray(want)) continue; // the official code refuses
          const config = { ...betas, timestep_spacing: spacing, _class_name: classes[names] ?? "LCMScheduler" };
          const part = schedulerConfig("", config);
          const { hops } = samplerOf(part.sampler).path(createSchedule(part), Number(steps));
          expect([names, spacing, steps, hops.map(({ now }) => now.t)]).toEqual([names, spacing, steps, want.map(Math.fround)]);
          compared++;
        }
    expect(compared).toBeGreaterThan(240);
  });

  test("the schedule and the one that ends in noise alone", () => {
    const g = readGolden(`${folder}/schedule.safetensors`);
    const config = {
      betaStart: 0.00085,
      betaEnd: 0.012,
      betaSchedule: "scaled_linear",
      trainTimesteps: 1000,
      stepsOffset: 1,
      setAlphaToOne: false,
    } as const;
    expect(createSchedule({ ...config, prediction: "epsilon" }).alphaBar).toEqual(g.alphas_cumprod.data);
    const { alphaBar } = createSchedule({ ...config, prediction: "v_prediction", terminalSnr: "zero" });
    expect(alphaBar[999]).toBe(0);
    for (const [t, a] of alphaBar.entries()) expect(Math.abs(a - g.alphas_cumprod_zsnr.data[t])).toBeLessThan(1e-6);
  });
});
