/** @file What every painter of a scene shares: the scene itself, places along its width, and mist. */
import type { Rng } from "../../../kernel-lib/core/random.js";
import type { Canvas, Point } from "./canvas.js";
import { paint } from "./canvas.js";
import type { Light } from "./light.js";

/** What a painter paints with. */
export interface Scene {
  readonly canvas: Canvas;
  readonly rng: Rng;
  readonly light: Light;
}

/** Least and most. */
export type Range = readonly [number, number];

/** Positions along the width, `least` to `most` apart, from left of the picture to right of it. */
export function along({ canvas, rng }: Scene, [least, most]: Range, margin = 100): number[] {
  const xs: number[] = [];
  const step = () => least + (most - least) * rng.uniform();
  for (let x = -margin + step() * rng.uniform(); x < canvas.width + margin; x += step()) xs.push(x);
  return xs;
}

export const between = (rng: Rng, [low, high]: Range): number => low + (high - low) * rng.uniform();

/** Row of the horizon, where the sky's gradient ends. */
export const HORIZON = 78;

/** Paints a terrain over its sky. `suns`: where the sky's suns stand. */
export type TerrainPainter = (scene: Scene, suns: readonly Point[]) => void;

/** A soft bank of mist around a row, in misty weather. */
export function mist({ canvas, light }: Scene, row: number, spread = 9, alpha = 0.75): void {
  if (light.weather !== "misty") return;
  paint(canvas, [0, row - 3 * spread, canvas.width, row + 3 * spread], (_, y) => Math.exp(-0.5 * ((y - row) / spread) ** 2), {
    top: light.haze,
    alpha,
  });
}
