/**
 * Golden: joint/, official joint methods with a formula in place of the U-Net: every latent of every step. Not here: twin_rows, where the official code takes
 * the last window of one row for the left neighbour of the next row's first; and spot_uncovered, whose columns ours refuses.
 */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { rows, type Tensor, zeros } from "#kernel-lib/core/tensor.js";
import type { JointModel } from "#kernel-lib/diffusion/joint-model.js";
import { SAMPLERS } from "#kernel-lib/diffusion/samplers/samplers.js";
import { createSchedule } from "#kernel-lib/diffusion/schedule.js";
import { alignedStart } from "#kernel-lib/methods/joint/aligned-start.js";
import { cropAll, fuseWeighted, rollColumns } from "#kernel-lib/methods/joint/fuse.js";
import { noiseGain, varianceCorrected } from "#kernel-lib/methods/joint/gvcf.js";
import { spotDiffusion } from "#kernel-lib/methods/joint/spotdiffusion.js";
import { twinDiffusion } from "#kernel-lib/methods/joint/twindiffusion.js";
import { planWindows } from "#kernel-lib/methods/joint/windows.js";
import { config, finish } from "../methods/joint/toy.js";
import { golden, maxOverStd, readGolden } from "./golden.mjs";

/** README-methods.md: the largest error of a reimplementation is 4e-6. */
const LIMIT = 3e-5;
const here = existsSync(golden("joint/spot.json"));
const why = here ? "" : " (skipped: ../shared/golden is not here)";
const facts = (name: string) => JSON.parse(readFileSync(golden(`joint/${name}.json`), "utf8"));

/** Stable Diffusion's schedule. */
const SD = config.schedule;

/** out(x,t,c) = 0.7·x + 0.2·roll(x,1,W) + 0.1·sin(t/100) + c·0.02·roll(x,1,H), guided */
function noise({ data, shape }: Tensor, t: number, guidance: number): Tensor {
  const [, , h, w] = shape;
  const left = (k: number) => (k % w === 0 ? k + w - 1 : k - 1);
  const above = (k: number) => (Math.floor(k / w) % h === 0 ? k + (h - 1) * w : k - w);
  return { data: data.map((x, k) => 0.7 * x + 0.2 * data[left(k)] + 0.1 * Math.sin(t / 100) + guidance * 0.02 * data[above(k)]), shape };
}
const model: JointModel = {
  config: { latentChannels: 4, scaleFactor: 8, window: 16, schedule: SD },
  predictNoise: async (x, { timestep, guidanceScale = 7.5 }) => noise(x, timestep, guidanceScale),
  decode: async ({ shape: [n, , h, w] }) => zeros([n, 3, 8 * h, 8 * w]),
  encodeText: async () => zeros([2, 3, 5]),
  tokenize: async () => ({ ids: [], truncated: false }),
  perceptualGradient: async () => {
    throw new Error("no method here compares");
  },
};

/** The latents of a run against the official ones, step by step. */
function expectLatents(got: readonly Tensor[], want: Tensor): void {
  expect(got.length).toBe(want.shape[0]);
  for (const [k, latent] of got.entries()) expect([k, maxOverStd(latent.data, rows(want, k, k + 1).data) < LIMIT]).toEqual([k, true]);
}

describe.skipIf(!here)(`joint methods${why}`, () => {
  test.each(["spot", "spot_rows"])("%s: ours, rolled as the official code leaves it", async (name) => {
    const g = readGolden(`joint/${name}.safetensors`);
    const { steps, guidance } = facts(name);
    const official = [...g.shifts.data];
    const passed = official.map((_, k) => official.slice(0, k).reduce((a, b) => a + b, 0)); // how far it is rolled before step k
    const width = g.init_latent.shape[3];
    const options = { prompt: "", latent: g.init_latent, steps, guidanceScale: guidance, shifts: passed.map((by) => by % width) };
    const run = await finish(spotDiffusion(model, options));
    const ours = run.steps.map(({ latent, index }) => rollColumns(latent, -(passed[index] + official[index])));
    expectLatents(ours, g.latents_after_step);
  });

  test.each(["twin", "twin_cross"])("%s", async (name) => {
    const g = readGolden(`joint/${name}.safetensors`);
    const { steps, guidance, view_stride: stride, cross_time: shifts, lam: lambda } = facts(name);
    const options = { prompt: "", latent: g.init_latent, steps, guidanceScale: guidance, stride, shifts, lambda };
    const run = await finish(twinDiffusion(model, options));
    expectLatents(
      run.steps.map(({ latent }) => latent),
      g.latents_after_step,
    );
  });

  test.each(["gf", "gf_slerp", "vcf", "gvcf", "gvcf_grid"])("%s: with the official weights and the recorded noise", (name) => {
    const g = readGolden(`joint/${name}.safetensors`);
    const { steps, guidance, stride_px, slerp, step_func, height, width } = facts(name);
    const shape = [1, 4, height / 8, width / 8];
    const start: Tensor = { data: g.init_latent.data, shape };
    if (slerp > 0) {
      const drawn = { data: g.draw_latent.data, shape };
      const aligned = alignedStart(drawn, { data: g.draw_patch.data, shape: [1, 4, 16, 16] }, slerp);
      expect(maxOverStd(aligned.data, start.data)).toBeLessThan(LIMIT);
    }
    const windows = planWindows({ window: 16, stride: stride_px / 8, height: height / 8, width: width / 8 });
    // the official weights are 0 in a window's first place; with any number that small the first latent pixel is still a window's own, there it is left out
    const weights = step_func === "vcf" ? new Float32Array(256).fill(1) : g.guidance.data.map((x) => Math.max(x, 1e-12));
    const sampler = step_func === "gf" ? SAMPLERS.ddim() : SAMPLERS.ddpm();
    const { hops } = sampler.path(createSchedule(step_func === "gf" ? SD : { ...SD, stepsOffset: 0 }), steps);
    let z = start;
    const latents = hops.map((hop) => {
      const xt = cropAll(z, windows); // [n,4,16,16]
      const output = noise(xt, hop.now.t, guidance);
      const step = (fresh: Tensor) => sampler.step(sampler.init(), xt, output, hop, { noise: fresh }).prev;
      const average = (parts: Tensor) => fuseWeighted(parts, windows, shape, weights);
      const none = zeros(xt.shape);
      const own = hop.now.t > 0 && g.step_noise ? { data: rows(g.step_noise, hop.index, hop.index + 1).data, shape: xt.shape } : none;
      z =
        step_func === "gf"
          ? average(step(none))
          : varianceCorrected(average(step(none)), average(step(own)), noiseGain(windows, shape, weights));
      if (step_func !== "vcf") for (let c = 0; c < 4; c++) z.data[c * shape[2] * shape[3]] = 0; // as the official weights leave it
      return z;
    });
    expectLatents(latents, g.latents_after_step);
  });
});
