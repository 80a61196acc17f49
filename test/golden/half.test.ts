/**
 * Golden: units and runs of the official code in float32, followed with the U-Net in half precision, rounded as a GPU rounds
 * (half-arithmetic.ts). Small random networks: what trained ones do is measured on a GPU, by `npm run prove:gpu`.
 */
import { createSchedule, type Model, multiDiffusion, type NoiseOptions, openModel, syncDiffusion, type Tensor } from "veduta";
import { describe, expect, test } from "vitest";
import type { Feed, Feeds, Session } from "#kernel-lib/engine/session.js";
import type { Graph } from "#kernel-lib/graph/graph.js";
import { noiseProgram } from "#kernel-lib/nets/guided-denoiser.js";
import { perceptualGradientProgram } from "#kernel-lib/nets/perceptual-gradient.js";
import { timestepEmbedding } from "#kernel-lib/nets/timestep-embedding.js";
import { type PerceptualFiles, perceptualFromFiles } from "#kernel-lib/pipelines/perceptual-part.js";
import { openCheckpoint } from "#kernel-lib/pipelines/stable-diffusion-parts.js";
import { openRounded } from "../graph/half-arithmetic.js";
import { followRun } from "./follow.mjs";
import { perceptualFiles, reference, relativeL2, unless } from "./golden.mjs";
import { unetUnit } from "./units.mjs";

const units = (
  [
    ["sd1-tiny", false],
    ["sd2-tiny", true],
  ] as const
).map(([name, checkpointing]) => ({ name, checkpointing, skipped: unless(name) }));
describe.each(units)("$name, gradient checkpointing $checkpointing$skipped", ({ name, checkpointing, skipped }) => {
  test.skipIf(skipped)("prediction within 4e-3, gradients within 1.2e-2 of float32's", { timeout: 120_000 }, async () => {
    const { graph, feeds, want } = unetUnit(name, "a", { precision: "float16", checkpointing });
    const session = await openRounded(graph);
    const results = await session.run(feeds);
    await session.release();
    expect(relativeL2(results.out.data, want.out)).toBeLessThan(4e-3);
    for (const key of ["dx", "dtext"]) expect(relativeL2(results[key].data, want[key])).toBeLessThan(1.2e-2);
  });
});

/** A model whose U-Net computes in half precision, and its decoder in the gradient, rounded as a GPU rounds. */
async function roundedModel(path: string, files?: PerceptualFiles): Promise<Model> {
  const model = await openModel(path, { device: "cpu", perceptual: files });
  const checkpoint = openCheckpoint(path);
  const [unet, vae, scheduler] = [checkpoint.part("unet"), checkpoint.part("vae"), checkpoint.part("scheduler")];
  const denoiser = { unet, prediction: scheduler.prediction, precision: "float16", decoderPrecision: "float16" } as const;
  const sessions = new Map<string, Promise<Session>>();
  const run = async (key: string, build: () => Graph, feeds: Feeds) => {
    const open = sessions.get(key) ?? openRounded(build());
    sessions.set(key, open);
    return (await open).run(feeds);
  };
  const scalar = (x: number): Feed => ({ data: Float32Array.of(x), shape: [1] });
  const guided = (latent: Tensor, { timestep, text, guidanceScale = 7.5 }: NoiseOptions) => {
    const [batch, , height, width] = latent.shape;
    const { alpha, sigma } = createSchedule(scheduler).level(timestep);
    const level = { alpha: scalar(alpha), sigma: scalar(sigma), guidance: scalar(guidanceScale) };
    return {
      batch,
      size: { height, width, tokens: text.shape[1], texts: 2 } as const,
      feeds: { latent, text, timestepEmbedding: timestepEmbedding(unet.config, [timestep]), ...level },
    };
  };
  const calls: Pick<Model, "predictNoise" | "perceptualGradient" | "close"> = {
    async predictNoise(latent, options) {
      const { size, batch, feeds } = guided(latent, options);
      return (await run(`noise ${latent.shape}`, () => noiseProgram(denoiser).graph(size, batch), feeds)).noise;
    },
    async perceptualGradient(latent, { anchor, ...options }) {
      const { size, batch, feeds } = guided(latent, options);
      const perceptual = perceptualFromFiles(files as PerceptualFiles);
      const build = () => perceptualGradientProgram(denoiser, vae, perceptual).graph(size, batch);
      const { loss, gradient } = await run(`gradient ${latent.shape}`, build, { ...feeds, anchor });
      return { loss, gradient };
    },
    async close() {
      for (const session of sessions.values()) await (await session).release();
      await model.close();
    },
  };
  return Object.assign(Object.create(model), calls);
}

const runs = [
  { name: "md_sd1", method: multiDiffusion, perceptual: undefined },
  { name: "sync_w20", method: syncDiffusion, perceptual: "vgg" },
] as const;
describe.each(runs.map((each) => ({ ...each, skipped: unless(`runs/${each.name}.json`) })))(
  "$name",
  ({ name, method, perceptual, skipped }) => {
    test.skipIf(skipped)(`six steps stay within 5e-2 of the std of float32's latents${skipped}`, { timeout: 300_000 }, async () => {
      const golden = reference(name);
      const model = await roundedModel(golden.checkpoint, perceptual && perceptualFiles(perceptual));
      const { errors } = await followRun(method(model, golden.options), golden);
      expect(errors).toHaveLength(6);
      for (const [step, error] of errors.entries()) expect(error, `step ${step}`).toBeLessThan(5e-2);
      await model.close();
    });
  },
);
