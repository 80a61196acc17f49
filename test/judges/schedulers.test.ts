/**
 * Samplers beside diffusers' schedulers of today: every class that opens, from the scheduler_config.json that diffusers writes of it, over prediction
 * types, spacings and numbers of steps. What runs is in schedulers.py.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type JsonObject, readJson } from "#kernel-lib/core/json.js";
import { samplerOf } from "#kernel-lib/diffusion/samplers/samplers.js";
import { SCHEDULER_CLASSES } from "#kernel-lib/pipelines/sampler-config.js";
import { schedulerConfig, schedulerFile } from "#kernel-lib/pipelines/scheduler-config.js";
import { readSafetensors } from "#kernel-lib/weights/safetensors.js";
import { scratchFolder } from "../fixtures/checkpoint-folder.js";
import { followScheduler } from "../fixtures/follow-scheduler.js";
import { judge, missing } from "./judges.js";
import { report } from "./run-python.js";

/** Limits of test/golden/samplers.test.ts; Karras levels are interpolated. */
const [LATENTS, INTERPOLATED] = [3e-5, 1e-3];
interface Case {
  readonly case: string;
  readonly steps: number;
  readonly eta: number;
}

const scratch = scratchFolder();
afterAll(scratch.remove);

describe.skipIf(missing)(`schedulers of diffusers${missing}`, () => {
  let cases: readonly Case[];
  let tensors: ReturnType<typeof readSafetensors>;
  beforeAll(async () => {
    await judge("schedulers.py", [scratch.path]);
    cases = JSON.parse(readFileSync(join(scratch.path, "cases.json"), "utf8"));
    tensors = readSafetensors(join(scratch.path, "cases.safetensors"));
  }, 300_000);

  test.each(Object.keys(SCHEDULER_CLASSES))("%s: every latent of every run", (name) => {
    const own = cases.filter((one) => one.case.startsWith(`${name}.`));
    expect(own.length).toBeGreaterThanOrEqual(4);
    const worst = { exact: 0, interpolated: 0 };
    for (const one of own) {
      const file = schedulerFile(join(scratch.path, one.case));
      const part = schedulerConfig(file, readJson(file) as JsonObject);
      const sampler = samplerOf(one.eta ? { name: "ddim", eta: one.eta } : part.sampler);
      const tensor = (key: string) => tensors[`${one.case}/${key}`];
      const { timesteps, errors, draws } = followScheduler({ part, sampler, steps: one.steps, tensor });
      const [kind, limit] = one.case.includes("karras") ? (["interpolated", INTERPOLATED] as const) : (["exact", LATENTS] as const);
      const wanted = [...tensor("timesteps").data];
      expect(timesteps, one.case).toHaveLength(wanted.length);
      for (const [k, t] of timesteps.entries())
        expect(Math.abs(t - wanted[k]), one.case).toBeLessThanOrEqual(kind === "exact" ? 0 : INTERPOLATED);
      expect(draws, one.case).toBe(sampler.draws === "none" ? 0 : (tensor("noise")?.shape[0] ?? 0));
      worst[kind] = Math.max(worst[kind], ...errors);
      expect(Math.max(...errors), one.case).toBeLessThan(limit);
    }
    for (const [kind, difference] of Object.entries(worst)) if (difference > 0) report(`${name}, ${own.length} runs, ${kind}`, difference);
  });
});
