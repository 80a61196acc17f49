/** @file Two windows with one overlap, where every score is exact: the library's own methods on the closed-form model of `npm run bench:toy`. */
import { ringModel, SPREAD } from "../../../bench/toy/ring-model.mjs";
import { createRng, randn } from "../../../kernel-lib/core/random.js";
import type { Tensor } from "../../../kernel-lib/core/tensor.js";
import { createSchedule } from "../../../kernel-lib/diffusion/schedule.js";
import { multiDiffusion } from "../../../kernel-lib/methods/joint/multidiffusion.js";
import { pathOf } from "../../../kernel-lib/methods/joint/path.js";
import type { JointSteps } from "../../../kernel-lib/methods/joint/step-record.js";
import { syncDiffusion } from "../../../kernel-lib/methods/joint/syncdiffusion.js";
import type { ResumeState } from "../../../kernel-lib/methods/method.js";

/** Columns of a window. */
export const WINDOW = 8;
/** Denoising steps. */
export const STEPS = 50;
/** Standard deviation of a column around its window's mode. */
export const TRUE_SPREAD = SPREAD;

/** How the two windows are painted. */
export const WAYS = { alone: "Each window alone", multi: "MultiDiffusion", sync: "SyncDiffusion" } as const;
export type Way = keyof typeof WAYS;

/** The means of the first and of the second window. */
export type Means = readonly [first: number, second: number];

/** What the page's controls say. */
export interface Knobs {
  /** columns that both windows have, 1 to 7 */
  readonly overlap: number;
  /** of SyncDiffusion's descent */
  readonly weight: number;
  /** the first steps, which SyncDiffusion synchronises */
  readonly syncSteps: number;
}

/** A run's latents: the starting noise, then the latent after each step. Each way has the columns of both windows, one after the other. */
export interface Painted {
  readonly first: readonly Float32Array[];
  readonly second: readonly Float32Array[];
}

const model = ringModel({ createSchedule });
const HOPS = pathOf({ sampler: "ddim", eta: 0, steps: STEPS }, model.config).hops;
const row = (data: Float32Array): Tensor => ({ data, shape: [1, 1, 1, data.length] });

/** Both windows of a panorama's columns. */
export const crops = (columns: Float32Array, overlap: number): [Float32Array, Float32Array] => [
  columns.slice(0, WINDOW),
  columns.slice(WINDOW - overlap),
];

/** The mean of a window's columns. */
export const mean = (values: Float32Array): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Standard deviation around the mean. */
export const spread = (values: Float32Array): number => {
  const m = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - m) ** 2, 0) / (values.length - 1));
};

/** Noise for the panorama's columns: N(0, 1) each. */
export const noiseOf = (seed: number, overlap: number): Float32Array => randn(createRng(seed), [2 * WINDOW - overlap]).data;

/**
 * The same noise with other means of the two windows: a constant is added to each window's own columns, and half the sum of both to the overlap.
 * @param goal the means that the two windows are to have
 */
export function withMeans(noise: Float32Array, overlap: number, goal: Means): Float32Array {
  const [first, second] = crops(noise, overlap).map(mean);
  const [a, b] = [goal[0] - first, goal[1] - second];
  const half = (a - b) / (1 - overlap / WINDOW) / 2; // of the difference of both constants
  const middle = (a + b) / 2;
  return noise.map((value, k) => value + (k < WINDOW - overlap ? middle + half : k >= WINDOW ? middle - half : middle));
}

/** The run of a way on one panorama, or on one window of it. */
function runOf(way: Way, columns: Float32Array, { overlap, weight, syncSteps }: Knobs, resume?: ResumeState): JointSteps {
  const windows = (columns.length === WINDOW ? [0] : [0, WINDOW - overlap]).map((left) => ({ top: 0, left, height: 1, width: WINDOW }));
  const common = { prompt: "", steps: STEPS, latent: row(columns), windows, resume };
  return way === "sync" ? syncDiffusion(model, { ...common, weight, syncSteps, anchor: 0 }) : multiDiffusion(model, common);
}

/** Applies a run to both windows: to each alone, or to the panorama that they make. @returns what the run gives, for each window */
async function onBoth(
  way: Way,
  columns: Float32Array,
  overlap: number,
  give: (columns: Float32Array) => Promise<readonly Float32Array[]>,
): Promise<Painted> {
  if (way === "alone") {
    const [first, second] = await Promise.all(crops(columns, overlap).map(give));
    return { first, second };
  }
  const both = (await give(columns)).map((whole) => crops(whole, overlap));
  return { first: both.map(([own]) => own), second: both.map(([, own]) => own) };
}

/** Paints both windows from a panorama's noise. */
export const paint = (way: Way, noise: Float32Array, knobs: Knobs): Promise<Painted> =>
  onBoth(way, noise, knobs.overlap, async (columns) => {
    const latents = [columns];
    for await (const { latent } of runOf(way, columns, knobs)) latents.push(latent.data);
    return latents;
  });

/** Where a mode lies before a step, as a window's mean: alpha or −alpha. */
export const modeBefore = (step: number): number => (step < STEPS ? HOPS[step].now.alpha : 1);

/**
 * The exact step of a way from each of many points: a point is the pair of both windows' means, of a panorama that has no other differences.
 * @param step from 0 to STEPS − 1
 * @returns both means after the step, for each point
 */
export function field(way: Way, step: number, points: readonly Means[], knobs: Knobs): Promise<Means[]> {
  const flat = new Float32Array(2 * WINDOW - knobs.overlap);
  return Promise.all(
    points.map(async (point) => {
      const start = withMeans(flat, knobs.overlap, point);
      const { first, second } = await onBoth(way, start, knobs.overlap, async (columns) => {
        const run = runOf(way, columns, knobs, step > 0 ? { index: step - 1, latent: row(columns) } : undefined);
        const { value } = await run.next();
        await run.return(undefined as never);
        return [value.latent.data];
      });
      return [mean(first[0]), mean(second[0])] as const;
    }),
  );
}
