/** @file Panoramas of both joint methods from the same noise: how well their windows agree, and what that costs them. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodePng } from "../../../kernel-lib/core/image.js";
import type { Tensor } from "../../../kernel-lib/core/tensor.js";
import { stack } from "../../../kernel-lib/core/tensor.js";
import { multiDiffusion } from "../../../kernel-lib/methods/joint/multidiffusion.js";
import type { JointRun } from "../../../kernel-lib/methods/joint/step-record.js";
import type { SyncOptions } from "../../../kernel-lib/methods/joint/syncdiffusion.js";
import { syncDiffusion } from "../../../kernel-lib/methods/joint/syncdiffusion.js";
import { intraLpips } from "../../../kernel-lib/metrics/intra-lpips.js";
import type { Model } from "../../../kernel-lib/pipelines/model.js";
import type { Judge } from "./judge.js";
import { mean } from "./statistics.js";
import { paintWindows, SIDE, UNTIMED } from "./windows.js";

/** What one panorama's six windows show. */
export interface Seen {
  readonly intra: number;
  readonly times: readonly string[];
  readonly terrains: readonly string[];
  /** mean over the windows of the judge's spread, per feature */
  readonly spread: readonly number[];
}
export interface Pair {
  readonly prompt: string;
  readonly seed: number;
  readonly multi: Seen;
  readonly sync: Seen;
  /** six windows of the prompt that know nothing of each other */
  readonly independent: Seen;
}

type SyncChoice = Pick<SyncOptions, "weight" | "decay" | "syncSteps">;

/**
 * 128×768, no time in the prompt. A pair that was measured with these weights and options before is read from `folder`, so that a check that
 * was stopped goes on.
 */
export async function pairs(model: Model, judge: Judge, seeds: readonly number[], folder: string, sync: SyncChoice = {}): Promise<Pair[]> {
  mkdirSync(folder, { recursive: true });
  const found: Pair[] = [];
  for (const seed of seeds) {
    const { prompt } = UNTIMED[seed % UNTIMED.length];
    const options = { prompt, seed };
    const synced = await seen(model, judge, folder, {
      name: `sync${label(sync)}`,
      seed,
      paint: () => last(syncDiffusion(model, { ...options, ...sync })),
    });
    const multi = await seen(model, judge, folder, { name: "multi", seed, paint: () => last(multiDiffusion(model, options)) });
    const independent = await seen(model, judge, folder, {
      name: "independent",
      seed,
      paint: async () => inARow(await paintWindows(model, { prompt, count: 6, seed: 90_000 + seed })),
    });
    found.push({ prompt, seed, multi, sync: synced, independent });
  }
  return found;
}

const label = (sync: SyncChoice): string =>
  Object.entries(sync)
    .map(([key, value]) => `-${key}${value}`)
    .join("");

/** The last panorama of a run. */
export async function last(run: JointRun): Promise<Tensor> {
  let step = await run.next();
  while (!step.done) step = await run.next();
  return step.value.panorama;
}

interface Painted {
  readonly name: string;
  readonly seed: number;
  readonly paint: () => Promise<Tensor>;
}

async function seen(model: Model, judge: Judge, folder: string, { name, seed, paint }: Painted): Promise<Seen> {
  const file = join(folder, `${model.digest.slice(0, 12)}-${seed}-${name}.json`);
  if (!existsSync(file)) {
    const started = Date.now();
    const panorama = await paint();
    await writeFile(join(folder, `${seed}-${name}.png`), await encodePng(panorama));
    const intra = await intraLpips(panorama, (a, b) => model.perceptualDistance(a, b));
    const verdicts = await judge.look(windowsOf(panorama));
    const spread = Array.from(verdicts[0].spread, (_, k) => mean(verdicts.map((verdict) => verdict.spread[k])));
    const result: Seen = {
      intra,
      times: verdicts.map(({ kind }) => kind.time),
      terrains: verdicts.map(({ kind }) => kind.terrain),
      spread,
    };
    console.error(
      `seed ${seed} ${name}: Intra-LPIPS ${intra.toFixed(3)}, ${result.times.join(" ")} (${((Date.now() - started) / 1000).toFixed(0)} s)`,
    );
    await writeFile(`${file}.new`, JSON.stringify(result));
    await rename(`${file}.new`, file);
  }
  return JSON.parse(readFileSync(file, "utf8"));
}

export const agrees = ({ times }: Seen): boolean => new Set(times).size === 1;

/** How many of the windows show the terrain that was asked for. */
export const terrainShare = ({ prompt }: Pair, { terrains }: Seen): number => {
  const wanted = UNTIMED.find((asked) => asked.prompt === prompt)?.terrain;
  return terrains.filter((name) => name === wanted).length / terrains.length;
};

/** Spread inside windows as a share of independent windows': mean over features of the ratio of the means over panoramas. */
export function spreadKept(all: readonly Pair[], which: "multi" | "sync"): number {
  const of = (name: "multi" | "sync" | "independent", k: number) => mean(all.map((pair) => pair[name].spread[k]));
  // features that are constant in independent windows say nothing
  const alive = all[0].independent.spread.map((_, k) => k).filter((k) => of("independent", k) > 1e-6);
  return mean(alive.map((k) => of(which, k) / of("independent", k)));
}

/** Windows side by side, [N,3,128,128] in [-1,1] -> [1,3,128,N·128] in [0,1]. */
function inARow({ data, shape: [N] }: Tensor): Tensor {
  const out = new Float32Array(3 * SIDE * N * SIDE);
  for (let n = 0; n < N; n++)
    for (let c = 0; c < 3; c++)
      for (let y = 0; y < SIDE; y++)
        for (let x = 0; x < SIDE; x++)
          out[(c * SIDE + y) * N * SIDE + n * SIDE + x] = Math.min(1, Math.max(0, data[((n * 3 + c) * SIDE + y) * SIDE + x] / 2 + 0.5));
  return { data: out, shape: [1, 3, SIDE, N * SIDE] };
}

/** The windows that do not overlap, of a panorama [1,3,128,W] in [0,1]: [W/128,3,128,128] in [-1,1]. */
export function windowsOf({ data, shape: [, , H, W] }: Tensor): Tensor {
  const each = Array.from({ length: W / SIDE }, (_, k): Tensor => {
    const window = new Float32Array(3 * SIDE * SIDE);
    for (let c = 0; c < 3; c++)
      for (let y = 0; y < SIDE; y++)
        for (let x = 0; x < SIDE; x++) window[(c * SIDE + y) * SIDE + x] = 2 * data[(c * H + y) * W + k * SIDE + x] - 1;
    return { data: window, shape: [1, 3, SIDE, SIDE] };
  });
  return stack(each);
}
