/** @file What is measured of the bundled model: fresh drawings, single windows, panoramas. */

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodePng } from "../../../kernel-lib/core/image.js";
import { createRng, randn } from "../../../kernel-lib/core/random.js";
import type { Tensor } from "../../../kernel-lib/core/tensor.js";
import { rows, stack } from "../../../kernel-lib/core/tensor.js";
import { ddimStep } from "../../../kernel-lib/diffusion/ddim.js";
import { createSchedule } from "../../../kernel-lib/diffusion/schedule.js";
import { JOINT_DEFAULTS } from "../../../kernel-lib/methods/joint/options.js";
import { methods } from "../../../kernel-lib/methods/methods.js";
import { intraLpips } from "../../../kernel-lib/metrics/intra-lpips.js";
import type { Model } from "../../../kernel-lib/pipelines/model.js";
import { drawings, randomCrops, SEEDS } from "../train/drawings.js";
import type { Kind } from "../world/captions.js";
import { TERRAINS, TIMES } from "../world/captions.js";
import type { Judge } from "./judge.js";
import { mean } from "./statistics.js";

const SIDE = 128;

/** How often the judge is right on fresh drawings. */
export async function judgeAccuracy(judge: Judge): Promise<{ readonly time: number; readonly terrain: number }> {
  const { data, shape, of } = freshCrops(400);
  const seen = await judge.look({ data, shape });
  return { time: right(seen, of, "time"), terrain: right(seen, of, "terrain") };
}

const right = (seen: readonly Kind[], of: readonly Kind[], what: keyof Kind): number =>
  mean(seen.map((kind, k) => Number(kind[what] === of[k][what])));
const freshCrops = (count: number) => randomCrops(createRng(SEEDS.fresh), drawings(200, SEEDS.fresh), count, SIDE);

/** Mean PSNR of fresh drawings through encoder and decoder, dB; and a picture of eight, drawn above reconstructed. */
export async function reconstruction(model: Model): Promise<{ readonly psnr: number; readonly sheet: Tensor }> {
  const { data, shape } = freshCrops(64);
  const images: Tensor = { data, shape };
  const decoded = await model.decode(await model.encode(images));
  const psnrs = Array.from({ length: shape[0] }, (_, n) => {
    const [a, b] = [rows(images, n, n + 1).data, rows(decoded, n, n + 1).data];
    const squares = a.map((x, k) => (x - Math.min(1, Math.max(-1, b[k]))) ** 2);
    return 10 * Math.log10(4 / mean(Array.from(squares)));
  });
  return { psnr: mean(psnrs), sheet: sideBySide([rows(images, 0, 8), rows(decoded, 0, 8)]) };
}

/** Rows of N pictures each, one row under the other: [1,3,R·128,N·128] in [0,1]. */
export function sideBySide(lines: readonly Tensor[]): Tensor {
  const [n] = lines[0].shape;
  const [H, W] = [lines.length * SIDE, n * SIDE];
  const out = new Float32Array(3 * H * W);
  for (const [line, { data }] of lines.entries())
    for (let k = 0; k < n; k++)
      for (let c = 0; c < 3; c++)
        for (let y = 0; y < SIDE; y++)
          for (let x = 0; x < SIDE; x++)
            out[(c * H + line * SIDE + y) * W + k * SIDE + x] = Math.min(
              1,
              Math.max(0, data[((k * 3 + c) * SIDE + y) * SIDE + x] / 2 + 0.5),
            );
  return { data: out, shape: [1, 3, H, W] };
}

/**
 * Single windows of a prompt, as a panorama of one window would be painted (`veduta paint`'s steps and guidance): [count,3,128,128].
 * Without neighbours both joint methods are this, plain DDIM.
 */
export async function paintWindows(model: Model, prompt: string, count: number, seed: number): Promise<Tensor> {
  const { steps, guidanceScale, negativePrompt } = JOINT_DEFAULTS;
  const { latentChannels, window, schedule } = model.config;
  const text = await model.encodeText([negativePrompt, prompt]);
  let z = randn(createRng(seed), [count, latentChannels, window, window]);
  for (const { now, next } of createSchedule(schedule).path(steps))
    z = ddimStep(z, await model.predictNoise(z, { timestep: now.t, text, guidanceScale }), now, next).prev;
  return model.decode(z);
}

export interface Asked {
  readonly prompt: string;
  readonly terrain: Kind["terrain"];
  readonly time?: Kind["time"];
}

const AT: Readonly<Record<Kind["time"], string>> = {
  dawn: "at dawn",
  noon: "at noon",
  sunset: "at sunset",
  night: "at night",
  overcast: "under an overcast sky",
};
/** Every terrain at every time; and every terrain alone. */
export const TIMED: readonly Asked[] = TERRAINS.flatMap((terrain) =>
  TIMES.map((time) => ({ prompt: `${terrain} ${AT[time]}`, terrain, time })),
);
export const UNTIMED: readonly Asked[] = TERRAINS.map((terrain) => ({ prompt: terrain, terrain }));

/** `count` windows, shared evenly among what is asked, and what the judge sees in them. */
export async function judgedWindows(model: Model, judge: Judge, asked: readonly Asked[], count: number) {
  const seen: (Kind & { readonly asked: Asked })[] = [];
  const samples: Tensor[] = [];
  for (const [k, each] of asked.entries()) {
    const n = Math.floor(((k + 1) * count) / asked.length) - Math.floor((k * count) / asked.length);
    const pictures = await paintWindows(model, each.prompt, n, 5_000 + k);
    samples.push(rows(pictures, 0, 5));
    for (const kind of await judge.look(pictures)) seen.push({ ...kind, asked: each });
    console.error(`windows: ${seen.length} of ${count}`);
  }
  return { seen, samples };
}

export interface Pair {
  readonly prompt: string;
  readonly seed: number;
  readonly multi: Seen;
  readonly sync: Seen;
}
export interface Seen {
  readonly intra: number;
  readonly times: readonly string[];
  readonly terrains: readonly string[];
}

/**
 * Panoramas of both methods from the same noise, 128×768, no time in the prompt. A pair that was measured with these weights before is
 * read from `folder`, so that a check that was stopped goes on.
 */
export async function pairs(model: Model, judge: Judge, count: number, folder: string): Promise<Pair[]> {
  mkdirSync(folder, { recursive: true });
  const found: Pair[] = [];
  for (let seed = 0; seed < count; seed++) {
    const { prompt } = UNTIMED[seed % UNTIMED.length];
    const file = join(folder, `${model.digest.slice(0, 12)}-${seed}.json`);
    if (!existsSync(file)) {
      const paint = async (name: "multi" | "sync"): Promise<Seen> => {
        const started = Date.now();
        const run = methods[name](model, { prompt, seed });
        let step = await run.next();
        while (!step.done) step = await run.next();
        const { panorama } = step.value;
        await writeFile(join(folder, `${seed}-${name}.png`), await encodePng(panorama));
        const intra = await intraLpips(panorama, (a, b) => model.perceptualDistance(a, b));
        const kinds = await judge.look(windowsOf(panorama));
        console.error(
          `${prompt} ${seed} ${name}: Intra-LPIPS ${intra.toFixed(3)}, ${kinds.map(({ time }) => time).join(" ")} (${((Date.now() - started) / 1000).toFixed(0)} s)`,
        );
        return { intra, times: kinds.map(({ time }) => time), terrains: kinds.map(({ terrain }) => terrain) };
      };
      const pair: Pair = { prompt, seed, multi: await paint("multi"), sync: await paint("sync") };
      await writeFile(`${file}.new`, JSON.stringify(pair));
      await rename(`${file}.new`, file);
    }
    found.push(JSON.parse(readFileSync(file, "utf8")));
  }
  return found;
}

/** The six windows that do not overlap, [6,3,128,128] in [-1,1]. */
function windowsOf({ data, shape: [, , H, W] }: Tensor): Tensor {
  const each = Array.from({ length: W / SIDE }, (_, k): Tensor => {
    const window = new Float32Array(3 * SIDE * SIDE);
    for (let c = 0; c < 3; c++)
      for (let y = 0; y < SIDE; y++)
        for (let x = 0; x < SIDE; x++) window[(c * SIDE + y) * SIDE + x] = 2 * data[(c * H + y) * W + k * SIDE + x] - 1;
    return { data: window, shape: [1, 3, SIDE, SIDE] };
  });
  return stack(each);
}
