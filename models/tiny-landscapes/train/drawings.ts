/** @file Drawings of the world as training data: kept as bytes, cut into crops. */
import type { Rng } from "../../../kernel-lib/core/random.js";
import { createRng } from "../../../kernel-lib/core/random.js";
import type { Time } from "../world/captions.js";
import type { LabelledLandscape, Landscape } from "../world/landscape.js";
import { drawLabelled, drawLandscape } from "../world/landscape.js";

export const DRAWING_WIDTH = 256;
export const DRAWING_HEIGHT = 128;

/** Seeds apart, so that what is judged was never trained on. */
export const SEEDS = {
  autoencoder: 101,
  perceptual: 202,
  judge: 303,
  diffusion: 404,
  dual: 505,
  noon: 606,
  night: 707,
  fresh: 909,
  codes: 1010,
  finder: 1111,
  scenes: 1212,
} as const;

/** Drawing number k of a seed, of one time of day if given. */
export const drawing = (seed: number, k: number, time?: Time): Landscape =>
  drawLandscape(createRng(seed * 1_000_000 + k), { width: DRAWING_WIDTH, time });

/** The first `count` drawings of a seed, of one time of day if given. */
export const drawings = (count: number, seed: number, time?: Time): Landscape[] =>
  Array.from({ length: count }, (_, k) => drawing(seed, k, time));

/** How many drawings a stream holds. */
const POOL = 400;
/** The first drawing of a seed that streams take; those before it are `drawings`'. Lanes take turns. */
const STREAM_FROM = 1_000_000;
const MOST_LANES = 64;

/** An endless stream of drawings, another one per lane: each call draws a new one in place of the oldest and gives all that it holds. */
export const drawingStream = (seed: number, lane: number): (() => readonly Landscape[]) => pooled(lane, (k) => drawing(seed, k));

/** The same of drawings with their things. */
export const labelledStream = (seed: number, lane: number): (() => readonly LabelledLandscape[]) =>
  pooled(lane, (k) => drawLabelled(createRng(seed * 1_000_000 + k), { width: DRAWING_WIDTH }));

function pooled<Drawing>(lane: number, draw: (k: number) => Drawing): () => readonly Drawing[] {
  const drawn = (k: number) => draw(STREAM_FROM + k * MOST_LANES + lane);
  const pool = Array.from({ length: POOL }, (_, k) => drawn(k));
  let next = POOL;
  return () => {
    pool[next % POOL] = drawn(next);
    next++;
    return pool;
  };
}

/** A crop as [3,side,side] in [-1,1], written into `out` at `offset`; `mirror` turns left and right. */
export function writeCrop(
  out: Float32Array,
  offset: number,
  { pixels, width }: Landscape,
  left: number,
  top: number,
  side: number,
  mirror: boolean,
): void {
  const plane = side * side;
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const from = 3 * ((top + y) * width + left + (mirror ? side - 1 - x : x));
      const to = offset + y * side + x;
      for (let c = 0; c < 3; c++) out[to + c * plane] = pixels[from + c] / 127.5 - 1;
    }
}

/** A batch of random crops, half of them mirrored: [N,3,side,side] in [-1,1], and the drawings they came from. */
export function randomCrops(
  rng: Rng,
  from: readonly Landscape[],
  count: number,
  side: number,
): { readonly data: Float32Array; readonly shape: readonly number[]; readonly of: Landscape[] } {
  const data = new Float32Array(count * 3 * side * side);
  const of = Array.from({ length: count }, (_, k) => {
    const drawing = from[rng.below(from.length)];
    const [left, top] = [rng.below(drawing.width - side + 1), rng.below(DRAWING_HEIGHT - side + 1)];
    writeCrop(data, k * 3 * side * side, drawing, left, top, side, rng.uniform() < 0.5);
    return drawing;
  });
  return { data, shape: [count, 3, side, side], of };
}
