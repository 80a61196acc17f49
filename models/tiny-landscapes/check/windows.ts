/** @file Single windows: plain DDIM of a prompt, and what the judge sees in many of them. */
import { createRng, randn } from "../../../kernel-lib/core/random.js";
import type { Tensor } from "../../../kernel-lib/core/tensor.js";
import { rows, stack } from "../../../kernel-lib/core/tensor.js";
import { ddimStep } from "../../../kernel-lib/diffusion/ddim.js";
import { createSchedule } from "../../../kernel-lib/diffusion/schedule.js";
import { JOINT_OPTIONS } from "../../../kernel-lib/methods/joint/options.js";
import type { Model } from "../../../kernel-lib/pipelines/model.js";
import { drawings, randomCrops, SEEDS } from "../train/drawings.js";
import type { Kind } from "../world/captions.js";
import { TERRAINS, TIMES } from "../world/captions.js";
import type { Judge, Verdict } from "./judge.js";

export const SIDE = 128;
/** Windows of one network call. */
const BATCH = 8;

/** `count` crops of drawings that no training sees, [count,3,128,128] in [-1,1], of one time of day if given, and what they show. */
export function freshCrops(count: number, offset = 0, time?: Kind["time"]): { readonly images: Tensor; readonly of: readonly Kind[] } {
  const seed = SEEDS.fresh + offset;
  const { data, shape, of } = randomCrops(createRng(seed), drawings(Math.min(count, 1000), seed, time), count, SIDE);
  return { images: { data, shape }, of };
}

/** How often the judge is right on fresh drawings, and the root mean square of its features there. */
export async function judgeAccuracy(
  judge: Judge,
  count: number,
): Promise<{ readonly time: number; readonly terrain: number; readonly size: number }> {
  const { images, of } = freshCrops(count);
  const seen = await judge.look(images);
  const right = (what: keyof Kind) => seen.filter(({ kind }, k) => kind[what] === of[k][what]).length / count;
  const squares = seen.flatMap(({ features }) => [...features].map((x) => x * x));
  return { time: right("time"), terrain: right("terrain"), size: Math.sqrt(squares.reduce((a, b) => a + b, 0) / squares.length) };
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

export interface PaintedWindows {
  readonly prompt: string;
  readonly count: number;
  readonly seed: number;
  /** default: the methods' own */
  readonly guidanceScale?: number;
}

/**
 * Single windows of a prompt, as a panorama of one window would be painted: [count,3,128,128] in [-1,1]. Without neighbours both joint methods
 * are this, plain DDIM.
 */
export async function paintWindows(model: Model, { prompt, count, seed, guidanceScale }: PaintedWindows): Promise<Tensor> {
  const { steps, negativePrompt, guidanceScale: usual } = JOINT_OPTIONS;
  const { latentChannels, window, schedule } = model.config;
  const text = await model.encodeText([negativePrompt.default, prompt]);
  const path = createSchedule(schedule).path(steps.default);
  const all = randn(createRng(seed), [count, latentChannels, window, window]);
  const parts: Tensor[] = [];
  for (let at = 0; at < count; at += BATCH) {
    let z = rows(all, at, Math.min(at + BATCH, count));
    for (const { now, next } of path) {
      const eps = await model.predictNoise(z, { timestep: now.t, text, guidanceScale: guidanceScale ?? usual.default });
      z = ddimStep(z, eps, now, next).prev;
    }
    parts.push(await model.decode(z));
  }
  return parts.length === 1
    ? parts[0]
    : stack(parts.flatMap((part) => Array.from({ length: part.shape[0] }, (_, k) => rows(part, k, k + 1))));
}

export interface Asked {
  readonly prompt: string;
  readonly terrain: Kind["terrain"];
  readonly time?: Kind["time"];
}

export const AT: Readonly<Record<Kind["time"], string>> = {
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

export interface JudgedWindows {
  readonly verdicts: readonly (Verdict & { readonly asked: Asked })[];
  /** the pictures of each prompt, in the order of `asked` */
  readonly pictures: readonly Tensor[];
}

/** `count` windows, shared evenly among what is asked, and what the judge sees in them. */
export async function judgedWindows(
  model: Model,
  judge: Judge,
  asked: readonly Asked[],
  { count, seed, guidanceScale }: Omit<PaintedWindows, "prompt">,
): Promise<JudgedWindows> {
  const verdicts: (Verdict & { readonly asked: Asked })[] = [];
  const pictures: Tensor[] = [];
  for (const [k, each] of asked.entries()) {
    const n = Math.floor(((k + 1) * count) / asked.length) - Math.floor((k * count) / asked.length);
    const painted = await paintWindows(model, { prompt: each.prompt, count: n, seed: seed + k, guidanceScale });
    pictures.push(painted);
    for (const verdict of await judge.look(painted)) verdicts.push({ ...verdict, asked: each });
    console.error(`windows: ${verdicts.length} of ${count}`);
  }
  return { verdicts, pictures };
}
