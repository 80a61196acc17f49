/** Golden: units/ddim.safetensors, diffusers 0.15.1's DDIMScheduler with Stable Diffusion's settings in float32. */
import { describe, expect, test } from "vitest";
import { ddimStep } from "#kernel-lib/diffusion/ddim.js";
import { addNoise, type Prediction } from "#kernel-lib/diffusion/notation.js";
import { createSchedule, type ScheduleConfig } from "#kernel-lib/diffusion/schedule.js";
import { readGolden, relativeL2 } from "../golden/golden.mjs";

const stableDiffusion: Omit<ScheduleConfig, "prediction"> = {
  betaStart: 0.00085,
  betaEnd: 0.012,
  betaSchedule: "scaled_linear",
  trainTimesteps: 1000,
  stepsOffset: 1,
  setAlphaToOne: false,
};

describe("DDIM follows diffusers", () => {
  const golden = readGolden("units/ddim.safetensors");
  const schedule = createSchedule({ ...stableDiffusion, prediction: "epsilon" });

  test("every alphaBar is bit-identical", () => expect(schedule.alphaBar).toEqual(golden.alphas_cumprod.data));

  test.each([5, 7, 50])("a run of %i steps visits the same timesteps", (steps) =>
    expect(schedule.timesteps(steps)).toEqual([...golden[`${steps}.timesteps`].data]),
  );

  const cases = [...new Set(Object.keys(golden).flatMap((key) => key.match(/^\w+\.N\d+\.i\d+/)?.[0] ?? []))];
  test("there are cases of every prediction", () => expect(cases.length).toBe(36));

  // diffusers takes 1 − a/a' and the square root beside it in float32; at t = 1 they cancel, and a predicted x0 divides by sigma = 0.04.
  const tolerance = (name: string, key: string) => (/^sample\..*\.i(4|6|49)$/.test(name) && key === "prev_eta1" ? 1e-5 : 5e-7);

  test.each(cases)("%s: x0, prev at eta 0, 0.3 and 1, and added noise", (name) => {
    const [prediction, steps, index] = name.split(".");
    const { now, next } = schedule.path(Number(steps.slice(1)))[Number(index.slice(1))];
    const [sample, output, noise] = ["sample", "model_output", "noise"].map((key) => golden[`${name}.${key}`]);
    const step = (eta: number) =>
      ddimStep(sample, output, now, next, { prediction: prediction as Prediction, stochastic: eta ? { eta, noise } : undefined });
    const got = {
      x0: step(0).x0,
      prev_eta0: step(0).prev,
      "prev_eta0.3": step(0.3).prev,
      prev_eta1: step(1).prev,
      add_noise: addNoise(sample, noise, now),
    };
    expect(now.t).toBe(golden[`${name}.t`].data[0]);
    for (const [key, value] of Object.entries(got))
      expect(relativeL2(value.data, golden[`${name}.${key}`].data), key).toBeLessThan(tolerance(name, key));
  });
});
