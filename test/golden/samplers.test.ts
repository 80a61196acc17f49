/** Golden: samplers/, diffusers' schedulers of v0.40.0 on a formula in place of a network: timesteps, every latent, the schedules. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "#kernel-lib/core/json.js";
import { rows, type Tensor } from "#kernel-lib/core/tensor.js";
import { ddimStep } from "#kernel-lib/diffusion/ddim.js";
import type { Sampler } from "#kernel-lib/diffusion/samplers/sampler.js";
import { samplerOf } from "#kernel-lib/diffusion/samplers/samplers.js";
import { createSchedule } from "#kernel-lib/diffusion/schedule.js";
import { schedulerConfig } from "#kernel-lib/pipelines/scheduler-config.js";
import { golden, maxOverStd, readGolden } from "./golden.mjs";

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

/** out(x,t) = 0.7·x + 0.2·roll(x, 1, last axis) + 0.1·sin(t/100) */
function network({ data, shape }: Tensor, t: number): Tensor {
  const width = shape[3];
  const left = (k: number) => (k % width === 0 ? k + width - 1 : k - 1);
  return { data: data.map((x, k) => 0.7 * x + 0.2 * data[left(k)] + 0.1 * Math.sin(t / 100)), shape };
}

describe.skipIf(!here)(`samplers${why}`, () => {
  describe.each(here ? FILES : [])("%s", (file) => {
    const tensors = readGolden(`${folder}/${file}.safetensors`);
    const { cases } = read(file) as { readonly cases: readonly Case[] };

    test.each(cases.map((each) => [each.case, each] as const))("%s: every latent of the run", (name, one) => {
      const g = (key: string) => tensors[`${name}/${key}`];
      const part = schedulerConfig(file, { _class_name: one.class, ...one.config });
      const { prediction } = part;
      const sampler: Sampler = samplerOf(one.eta ? { name: "ddim", eta: one.eta } : part.sampler);
      const { start, hops } = sampler.path(createSchedule(part), one.num_inference_steps);
      const karras = name.includes("karras");
      const timesteps = [...g("timesteps").data];
      expect(hops.length).toBe(timesteps.length);
      for (const [k, { now }] of hops.entries()) expect(Math.abs(now.t - timesteps[k])).toBeLessThanOrEqual(karras ? INTERPOLATED : 0);
      const scaled = file.startsWith("euler"); // their latents are ours over alpha
      let state = sampler.init();
      let x: Tensor = { ...g("init_noise"), data: g("init_noise").data.map((value) => value * start) };
      let draw = 0;
      for (const hop of hops) {
        const noise = sampler.draws === "none" || draw >= g("noise").shape[0] ? undefined : rows(g("noise"), draw, ++draw);
        const output = network(x, hop.now.t);
        const still = { data: new Float32Array(x.data.length), shape: x.shape };
        const step = one.config.clip_sample
          ? { ...ddimStep(x, output, hop.now, hop.next, { prediction, clip: 1 }), state }
          : sampler.step(state, x, output, hop, { prediction, noise: noise ?? still });
        [state, x] = [step.state, step.prev];
        const want = rows(g("latents"), hop.index, hop.index + 1);
        const got = scaled ? x.data.map((value) => value / hop.next.alpha) : x.data;
        const limit = name.includes("eta1.zsnr") ? 2e-3 : karras ? INTERPOLATED : LATENTS;
        expect([hop.index, maxOverStd(got, want.data) < limit]).toEqual([hop.index, true]);
        expect(state.history.length).toBeLessThanOrEqual(sampler.keeps);
      }
      expect(draw).toBe(sampler.draws === "none" ? 0 : (g("noise")?.shape[0] ?? 0));
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
