/** Golden: frido/golden_{schedule_loss,ddim_*,plms*}.safetensors, the official Frido code's schedule and runs with their stored predictions. */
import { describe, expect, test } from "vitest";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { ddimStep } from "#kernel-lib/diffusion/ddim.js";
import { guide } from "#kernel-lib/diffusion/guidance.js";
import { plmsAhead, plmsStart, plmsStep } from "#kernel-lib/diffusion/plms.js";
import { createSchedule } from "#kernel-lib/diffusion/schedule.js";
import { stageLoss, stageSample } from "#kernel-lib/methods/pyramid/stage-sample.js";
import { channels, config, expectNear, LOSS, skipped, why } from "./frido-reference.js";
import { readGolden } from "./golden.mjs";

describe.skipIf(skipped)(`the schedule and PLMS${why}`, () => {
  const schedule = createSchedule({
    betaStart: config?.model.linear_start ?? 0.0015,
    betaEnd: config?.model.linear_end ?? 0.0155,
    betaSchedule: "scaled_linear",
    trainTimesteps: 1000,
    stepsOffset: 1,
    setAlphaToOne: false,
    prediction: "epsilon",
    precision: "float64",
  });

  test("every alphaBar is bit-identical", () =>
    expect(schedule.alphaBar).toEqual(readGolden("frido/golden_schedule_loss.safetensors").alphas_cumprod.data));

  test("what each stage is trained on, and its loss", () => {
    const g = readGolden("frido/golden_schedule_loss.safetensors");
    const { noise_mix_ratio: mix, loss_type, stage_loss_ratio, first_stage_config } = config.model;
    const stageChannels: number[] = first_stage_config.params.embed_dim;
    const levels = [...g.t.data].map((t) => schedule.level(t));
    let total = 0;
    for (const [stage, E] of stageChannels.entries()) {
      expectNear(stageSample(g.z, g.noise, { stage, stageChannels, levels, mix }), g[`stage${stage}.x_noisy`], "sample", "x_noisy");
      const own = channels(g.noise, stage * E, (stage + 1) * E); // the stages' channels are equally many
      const loss = stageLoss(g[`stage${stage}.model_output`], own, loss_type);
      expect(Math.abs(loss / g[`stage${stage}.loss`].data[0] - 1)).toBeLessThan(LOSS);
      total += stage_loss_ratio[stage] * loss;
    }
    expect(Math.abs(total / g.total_loss.data[0] - 1)).toBeLessThan(LOSS);
  });

  test.each(["plms", "plms_gs2"])("%s: every step of both stages, chained, with the stored predictions", (name) => {
    const g = readGolden(`frido/golden_${name}.safetensors`);
    const timesteps = [...g.ddim_timesteps.data].reverse();
    const path = schedule.path(timesteps.length, { timesteps });
    const { gs } = config.cases[name];
    for (const [stage, E] of (config.model.first_stage_config.params.embed_dim as number[]).entries()) {
      const own = (x: Tensor) => channels(x, stage * E, (stage + 1) * E); // the stages' channels are equally many
      let [x, state] = [own(g[`stage${stage}.x_in`]), plmsStart()];
      for (const hop of path) {
        const key = `step.${String(hop.index).padStart(2, "0")}.stage${stage}`;
        const call = (k: number) => g[`${key}.model_output.${k}`];
        const guided = (k: number) => (gs === 1 ? call(k) : guide(call(2 * k + 1), call(2 * k), gs));
        const ahead = plmsAhead(state, x, guided(0), hop);
        expect(ahead?.timestep).toBe(hop.index === 0 ? path[1].now.t : undefined);
        const step = plmsStep(state, x, guided(0), hop, ahead && guided(1));
        expect(g[`${key}.t`].data[0]).toBe(hop.now.t);
        expectNear(step.x0, own(g[`${key}.pred_x0`]), "sample", `${key}.pred_x0`);
        expectNear(step.prev, own(g[`${key}.x_prev`]), "sample", `${key}.x_prev`);
        ({ state, prev: x } = step);
      }
    }
  });

  test.each(["ddim_eta0", "ddim_eta1", "ddim_eta0_gs2", "ddim_eta1_gs2", "ddim_S5", "ddim_xT", "ddim_nosplit", "ddim_3stage"])(
    "%s: every step of each stage, chained, with the stored predictions and noise",
    (name) => {
      const g = readGolden(`frido/golden_${name}.safetensors`);
      const timesteps = [...g.ddim_timesteps.data].reverse();
      const { gs, eta, model, unet } = config.cases[name];
      const { embed_dim: parts }: { embed_dim: number[] } =
        model === "three_scales" ? config.three_scales.first_stage_config : config.model.first_stage_config.params;
      let draws = 0; // noise is drawn for all channels so far, in the order of the steps
      for (const [stage, E] of parts.entries()) {
        if (!g[`step.00.stage${stage}.x_prev`]) continue; // a run that is given its start skips the coarsest stage
        const own = (x: Tensor) => channels(x, stage * E, (stage + 1) * E); // the stages' channels are equally many
        const predicted = (x: Tensor) => (unet === "pyunet_nosplit" ? own(x) : x); // without a split the network predicts all channels
        let x = own(g[`stage${stage}.x_in`]);
        for (const { index, now, next } of schedule.path(timesteps.length, { timesteps })) {
          const key = `step.${String(index).padStart(2, "0")}.stage${stage}`;
          const [cond, uncond] = [0, 1].map((k) => g[`${key}.model_output.${k}`]);
          const noise = own(g[`noise.${String(draws++).padStart(2, "0")}`]);
          const output = predicted(gs === 1 ? cond : guide(uncond, cond, gs));
          const step = ddimStep(x, output, now, next, { stochastic: eta ? { eta, noise } : undefined });
          expectNear(step.x0, own(g[`${key}.pred_x0`]), "sample", `${key}.pred_x0`);
          expectNear(step.prev, own(g[`${key}.x_prev`]), "sample", `${key}.x_prev`);
          x = step.prev;
        }
      }
      expect(draws).toBe(Object.keys(g).filter((key) => key.startsWith("noise.")).length);
    },
  );
});
