/**
 * Golden: frido/golden_{ddim_*,plms*}.safetensors, whole runs of the official Frido code: our networks from the first noise to the picture. A run
 * without a split is left out: no checkpoint has one, and its golden data holds no picture.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stack, type Tensor } from "#kernel-lib/core/tensor.js";
import { pyramidDiffusion } from "#kernel-lib/methods/pyramid/pyramid-diffusion.js";
import type { FridoModel } from "#kernel-lib/pipelines/model.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { writeSafetensors } from "#kernel-lib/weights/safetensors.js";
import { channels, config, expectNear, skipped, weightsOf, why } from "./frido-reference.js";
import { readGolden } from "./golden.mjs";

const SCHEDULER = {
  _class_name: "DDIMScheduler",
  beta_start: config?.model.linear_start,
  beta_end: config?.model.linear_end,
  beta_schedule: "scaled_linear",
  num_train_timesteps: 1000,
  set_alpha_to_one: false,
  steps_offset: 1,
  prediction_type: "epsilon",
  precision: "float64",
};
const TOKENS = { kind: "veduta", classes: ["boat"], predicates: ["on"], words: ["boat"] };

/** Writes the official networks of a case as a folder, and opens it. */
async function opened(folder: string, scales: "two" | "three"): Promise<FridoModel> {
  const three = scales === "three" ? config.three_scales : undefined;
  const parts = {
    unet: { config: three?.unet_config ?? config.model.unet_config.params, network: three ? "pyunet3" : "pyunet" },
    first_stage: {
      config: {
        ...(three?.first_stage_config ?? config.model.first_stage_config.params),
        scale_factor: three?.scale_factor ?? config.scale_factor,
      },
      network: three ? "msvqgan3" : "msvqgan",
    },
    condition: { config: config.model.cond_stage_config.params, network: "embedder" },
  };
  for (const [name, part] of Object.entries(parts)) {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, "config.json"), JSON.stringify(part.config));
    const weights = [...weightsOf(part.network).weights].filter(([key]) => !key.includes("to_logits"));
    writeSafetensors(join(folder, name, "model.safetensors"), Object.fromEntries(weights));
  }
  mkdirSync(join(folder, "scheduler"));
  writeFileSync(join(folder, "scheduler", "scheduler_config.json"), JSON.stringify(SCHEDULER));
  writeFileSync(join(folder, "condition", "scene_tokens.json"), JSON.stringify(TOKENS));
  writeFileSync(join(folder, "model_index.json"), JSON.stringify({ _class_name: "FridoPipeline" }));
  return openModel<FridoModel>(folder, { device: "cpu", threads: 2 });
}

describe.skipIf(skipped)(`runs of Frido${why}`, () => {
  let folder: string;
  let models: Record<"two" | "three", FridoModel>;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "veduta-frido-"));
    models = { two: await opened(join(folder, "two"), "two"), three: await opened(join(folder, "three"), "three") };
  });
  afterAll(async () => {
    for (const model of Object.values(models)) await model.close();
    rmSync(folder, { recursive: true });
  });

  test.each(["ddim_eta0", "ddim_eta1", "ddim_eta0_gs2", "ddim_eta1_gs2", "ddim_S5", "ddim_xT", "ddim_3stage", "plms", "plms_gs2"])(
    "%s follows the official run from its first noise to its picture",
    async (name) => {
      const g = readGolden(`frido/golden_${name}.safetensors`);
      const { eta, gs, model: scales, plms, xT } = config.cases[name];
      const model = models[scales === "three_scales" ? "three" : "two"];
      const { stageChannels } = model.config;
      const timesteps = [...g.ddim_timesteps.data].reverse();
      const [E, first] = [stageChannels[0], xT ? 1 : 0]; // the stages' channels are equally many
      const own = (x: Tensor, stage: number) => channels(x, stage * E, (stage + 1) * E);
      const draw = (k: number, stage: number) => own(g[`noise.${String(k).padStart(2, "0")}`], stage); // the official code draws for all channels so far
      const noise = stageChannels.slice(first).flatMap((_, s) => timesteps.map((_, i) => draw(s * timesteps.length + i, first + s)));
      const start: Tensor = g.init_noise ?? g.x_T;
      const pairs = stack(Array.from({ length: start.shape[0] }, (_, n) => pair(g.uncond ?? zeros(g.cond), g.cond, n)));
      const run = pyramidDiffusion(model, {
        condition: { ...pairs, shape: [start.shape[0], 2, ...g.cond.shape.slice(1)] },
        timesteps,
        eta,
        guidanceScale: gs,
        latent: start,
        ...(xT ? { from: { stage: 1, latent: g.x_T } } : {}),
        ...(plms ? { sampler: "plms" as const } : {}),
        ...(eta > 0 ? { noise } : {}),
      });
      for (;;) {
        const { done, value } = await run.next();
        if (!done) {
          const key = `step.${String(value.index).padStart(2, "0")}.stage${value.stage}`;
          const wanted = own(g[`${key}.x_prev`], value.stage);
          expectNear(own(value.latent, value.stage), wanted, "sample", `${key}.x_prev`);
          expectNear(own(value.foreseen, value.stage), own(g[`${key}.pred_x0`], value.stage), "sample", `${key}.pred_x0`);
          continue;
        }
        expectNear(value.latent, g.final_z, "sample", "final_z");
        for (const [scale, { data }] of Object.entries(value.codes))
          expect([...data], scale).toEqual([...g[`codes_${scale}`].data].map(Number));
        expectPicture(value.image, g.image);
        break;
      }
    },
  );
});

/** The image in [0,1] is (x + 1) / 2 of the official one, clamped. */
function expectPicture(got: Tensor, want: Tensor): void {
  expectNear(got, { data: want.data.map((x) => Math.min(1, Math.max(0, (x + 1) / 2))), shape: want.shape }, "image", "image");
}

/** The n-th rows of both, one after the other. */
function pair(a: Tensor, b: Tensor, n: number): Tensor {
  const row = ({ data, shape }: Tensor): Tensor => {
    const size = data.length / shape[0];
    return { data: data.subarray(n * size, (n + 1) * size), shape: [1, ...shape.slice(1)] };
  };
  return stack([row(a), row(b)]);
}
const zeros = ({ data, shape }: Tensor): Tensor => ({ data: new Float32Array(data.length), shape });
