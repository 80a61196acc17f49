/** @file Drawings of the world as training data: drawn once from a seed, kept as bytes, cut into crops. */
import type { Rng } from "../../../kernel-lib/core/random.js";
import { createRng } from "../../../kernel-lib/core/random.js";
import type { Landscape } from "../world/landscape.js";
import { drawLandscape } from "../world/landscape.js";

export const DRAWING_WIDTH = 256;
export const DRAWING_HEIGHT = 128;

/** Seeds apart, so that what is judged was never trained on. */
export const SEEDS = { autoencoder: 101, perceptual: 202, judge: 303, diffusion: 404, fresh: 909 } as const;

/** `count` drawings, each from a seed of its own. */
export function drawings(count: number, seed: number): Landscape[] {
  const started = Date.now();
  const all = Array.from({ length: count }, (_, k) => drawLandscape(createRng(seed * 1_000_000 + k), { width: DRAWING_WIDTH }));
  console.log(`drew ${count} landscapes in ${((Date.now() - started) / 1000).toFixed(0)} s`);
  return all;
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
