/** @file What every painter of a scene shares: the scene itself, its things, places along its width, and mist. */
import type { Rng } from "../../../kernel-lib/core/random.js";
import type { Canvas, Coverage, Point } from "./canvas.js";
import { paint } from "./canvas.js";
import type { Light } from "./light.js";
import type { Thing } from "./things.js";

/** What a painter paints with. */
export interface Scene {
  readonly canvas: Canvas;
  readonly rng: Rng;
  readonly light: Light;
  /** the class of each thing that was begun; `thing` adds to it */
  readonly things: Thing[];
}

/** The same scene, whose paint shows a new thing; "none": it shows no thing and hides those behind. */
export function thing(scene: Scene, what: Thing | "none"): Scene {
  const { canvas, things } = scene;
  if (!canvas.mark) return scene;
  const id = what === "none" ? 0 : things.push(what);
  return { ...scene, canvas: { ...canvas, mark: { ...canvas.mark, id } } };
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

/** A gently waving line around a row. */
export function wave({ rng }: Scene, row: number, height: number, length: number): (x: number) => number {
  const [a, b] = [rng.uniform() * 2 * Math.PI, rng.uniform() * 2 * Math.PI];
  const k = (2 * Math.PI) / length;
  return (x) => row + height * (0.65 * Math.sin(k * x + a) + 0.35 * Math.sin(1.7 * k * x + b));
}

/** A soft bank of mist around a row, in misty weather. */
export function mist({ canvas, light }: Scene, row: number, spread = 9, alpha = 0.75): void {
  if (light.weather !== "misty") return;
  const bank: Coverage = (cover, _, y) => cover.fill(Math.exp(-0.5 * ((y - row) / spread) ** 2));
  paint(canvas, [0, row - 3 * spread, canvas.width, row + 3 * spread], bank, { top: light.haze, alpha });
}
