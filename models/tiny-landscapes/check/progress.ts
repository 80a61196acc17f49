/** @file What is measured of the candidate every hour of training, and its sheet of twelve fixed pictures. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodePng } from "../../../kernel-lib/core/image.js";
import { createRng, type Rng, randn } from "../../../kernel-lib/core/random.js";
import type { Tensor } from "../../../kernel-lib/core/tensor.js";
import { rows, stack } from "../../../kernel-lib/core/tensor.js";
import { createSchedule } from "../../../kernel-lib/diffusion/schedule.js";
import type { Model } from "../../../kernel-lib/pipelines/model.js";
import { openModel } from "../../../kernel-lib/pipelines/open-model.js";
import { SEEDS } from "../train/drawings.js";
import { CANDIDATE, STATE_FOLDER } from "../train/folder.js";
import { caption } from "../world/captions.js";

import { meanPsnr, meanSquaredGradient } from "./sharpness.js";
import { mean } from "./statistics.js";
import { freshCrops, paintWindows, sideBySide, TIMED } from "./windows.js";

/** Fresh drawings whose reconstruction is measured. */
const RECONSTRUCTED = 60;
const SHOWN = 12;
/** Windows whose v-loss is measured; timesteps are spread evenly over them. */
const WINDOWS = 240;
const QUARTERS = 4;

export const SHEET = join(STATE_FOLDER, "sheet.png");

const withCandidate = async <T>(measure: (model: Model) => Promise<T>): Promise<T> => {
  const model = await openModel(CANDIDATE, { device: "cpu" });
  try {
    return await measure(model);
  } finally {
    await model.close();
  }
};

/** PSNR, and the squared gradient of reconstructions as a share of the drawings'. */
export const measureAutoencoder = () =>
  withCandidate(async (model) => {
    const images = freshCrops(RECONSTRUCTED).images;
    const decoded = await model.decode(await model.encode(images));
    await writeSheet([rows(images, 0, SHOWN), rows(decoded, 0, SHOWN)]);
    return { psnr: meanPsnr(images, decoded), squaredGradient: meanSquaredGradient(decoded) / meanSquaredGradient(images) };
  });

/** The v-loss of fixed fresh windows, whole and in quarters from clean to noise; its sheet also shows windows of fixed prompts and seeds. */
export const measureDiffusion = () =>
  withCandidate(async (model) => {
    const images = freshCrops(SHOWN).images;
    const decoded = await model.decode(await model.encode(images));
    const windows = await Promise.all(shownPrompts().map((prompt, k) => paintWindows(model, { prompt, count: 1, seed: 7_000 + k })));
    await writeSheet([images, decoded, stack(windows)]);
    const losses = await vLosses(model);
    const quarter = (k: number) => mean(losses.slice((k * WINDOWS) / QUARTERS, ((k + 1) * WINDOWS) / QUARTERS));
    return { vLoss: mean(losses), ...Object.fromEntries(Array.from({ length: QUARTERS }, (_, k) => [`quarter${k + 1}`, quarter(k)])) };
  });

/** Twelve prompts: every second of all terrains at all times. */
const shownPrompts = (): string[] =>
  TIMED.filter((_, k) => k % 2 === 0)
    .slice(0, SHOWN)
    .map(({ prompt }) => prompt);

/** Mean squared error of v per window, one timestep each, from the cleanest to the noisiest. */
export async function vLosses(model: Model): Promise<number[]> {
  const rng = createRng(SEEDS.fresh + 1);
  const { images, of } = freshCrops(WINDOWS);
  return vLossesOf(model, images, rng, async (latent, timestep, n) => {
    const text = await model.encodeText([caption(rng, of[n])]);
    return model.predictNoise(latent, { timestep, text, guidanceScale: 1 });
  });
}

/** The same of given pictures, under any model. `predict` gives the noise of picture n's latent. */
export async function vLossesOf(
  model: Pick<Model, "encode" | "config">,
  images: Tensor,
  rng: Rng,
  predict: (latent: Tensor, timestep: number, n: number) => Promise<Tensor>,
): Promise<number[]> {
  const count = images.shape[0];
  const clean = await model.encode(images);
  const noise = randn(rng, clean.shape);
  const schedule = createSchedule(model.config.schedule);
  const losses: number[] = [];
  for (let n = 0; n < count; n++) {
    const timestep = Math.floor(((n + 0.5) / count) * model.config.schedule.trainTimesteps);
    const { alpha, sigma } = schedule.level(timestep);
    const [x0, eps] = [rows(clean, n, n + 1).data, rows(noise, n, n + 1).data];
    const latent = { data: x0.map((x, k) => alpha * x + sigma * eps[k]), shape: [1, ...clean.shape.slice(1)] };
    const predicted = (await predict(latent, timestep, n)).data;
    // v = alpha·eps − sigma·x0 and x_t = alpha·x0 + sigma·eps: an error e of eps is an error e/alpha of v
    losses.push(predicted.reduce((sum, x, k) => sum + ((x - eps[k]) / alpha) ** 2, 0) / predicted.length);
  }
  return losses;
}

async function writeSheet(lines: readonly Tensor[]): Promise<void> {
  await mkdir(STATE_FOLDER, { recursive: true });
  await writeFile(SHEET, await encodePng(sideBySide(lines)));
}
