/** @file What is measured of a model of one time of day: the v-loss of fresh drawings, and what the judge sees in its own pictures. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { encodePng } from "../../../kernel-lib/core/image.js";
import { createRng, randn } from "../../../kernel-lib/core/random.js";
import { rows, stack, type Tensor } from "../../../kernel-lib/core/tensor.js";
import { ddimStep } from "../../../kernel-lib/diffusion/ddim.js";
import { createSchedule } from "../../../kernel-lib/diffusion/schedule.js";
import type { UnconditionalModel } from "../../../kernel-lib/pipelines/model.js";
import { openModel } from "../../../kernel-lib/pipelines/open-model.js";
import type { Verdict } from "../../tiny-landscapes/check/judge.js";
import { openJudge } from "../../tiny-landscapes/check/judge.js";
import { judgeKid, scaledSets } from "../../tiny-landscapes/check/judge-distances.js";
import { vLossesOf } from "../../tiny-landscapes/check/progress.js";
import { meanSquaredGradient } from "../../tiny-landscapes/check/sharpness.js";
import { commonestShare, mean } from "../../tiny-landscapes/check/statistics.js";
import { freshCrops, sideBySide } from "../../tiny-landscapes/check/windows.js";
import { SEEDS } from "../../tiny-landscapes/train/drawings.js";
import { FOLDER } from "../../tiny-landscapes/train/folder.js";
import { TERRAINS } from "../../tiny-landscapes/world/captions.js";
import type { ModelTime } from "../train/folder.js";

const STEPS = 50;
const SEED = 20_000;
/** Pictures of one call. */
const BATCH = 16;
/** Fresh windows whose v-loss is measured; timesteps are spread evenly over them. */
const WINDOWS = 240;
const SHOWN = 12;

/** Single windows by plain DDIM: [count,3,128,128], about [-1,1]. */
export async function paintPictures(model: UnconditionalModel, count: number, seed = SEED): Promise<Tensor> {
  const { latentChannels, window, schedule } = model.config;
  const path = createSchedule(schedule).path(STEPS);
  const all = randn(createRng(seed), [count, latentChannels, window, window]);
  const parts: Tensor[] = [];
  for (let at = 0; at < count; at += BATCH) {
    let z = rows(all, at, Math.min(at + BATCH, count));
    for (const { now, next } of path) z = ddimStep(z, await model.predictNoise(z, { timestep: now.t }), now, next).prev;
    parts.push(await model.decode(z));
  }
  return stack(parts);
}

/** Numbers of a model's quality, by name. */
export type TimeMeasures = Readonly<
  Record<"vLoss" | "timeRight" | "terrains" | "commonestTerrain" | "squaredGradient" | "distance" | "drawingsDistance", number>
>;

/**
 * v-loss of 240 fresh windows of this time; of `count` pictures by DDIM in 50 steps: the share in which the judge sees this time, how many terrains
 * it sees, the commonest one's share, the squared gradient as a share of drawings', and judge-KID to as many
 * drawings, beside that of drawings to others.
 * @param sheet a PNG that shows 12 fresh drawings and 12 pictures afterwards
 */
export async function measureTime(folder: string, time: ModelTime, sheet: string, count = 96): Promise<TimeMeasures> {
  const model = await openModel<UnconditionalModel>(folder, { device: "cpu" });
  const judge = await openJudge(FOLDER, model.threads);
  try {
    const rng = createRng(SEEDS.fresh + 2);
    const predict = (latent: Tensor, timestep: number) => model.predictNoise(latent, { timestep });
    const losses = await vLossesOf(model, freshCrops(WINDOWS, 0, time).images, rng, predict);
    const [drawn, others] = [0, 1].map((offset) => freshCrops(count, offset, time).images);
    const painted = await paintPictures(model, count);
    mkdirSync(dirname(sheet), { recursive: true });
    writeFileSync(sheet, await encodePng(sideBySide([rows(drawn, 0, SHOWN), rows(painted, 0, SHOWN)])));
    const seen = await judge.look(painted);
    const features = (all: readonly Verdict[]) => all.map((verdict) => verdict.features);
    const [a, b, c] = scaledSets([await judge.look(drawn), await judge.look(others), seen].map(features));
    const terrains = seen.map(({ kind }) => kind.terrain);
    return {
      vLoss: mean(losses),
      timeRight: mean(seen.map(({ kind }) => Number(kind.time === time))),
      terrains: TERRAINS.filter((terrain) => terrains.includes(terrain)).length,
      commonestTerrain: commonestShare(terrains),
      squaredGradient: meanSquaredGradient(painted) / meanSquaredGradient(drawn),
      distance: judgeKid(a, c),
      drawingsDistance: judgeKid(a, b),
    };
  } finally {
    await judge.close();
    await model.close();
  }
}
