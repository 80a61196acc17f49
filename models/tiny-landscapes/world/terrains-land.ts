/** @file Terrains that are the shape of the land itself: mountains, hills, desert. */
import type { Coverage, Point, Rgb } from "./canvas.js";
import { capsule, ellipse, mix, paint, polygon, rectangle, under } from "./canvas.js";
import type { Scene, TerrainPainter } from "./scene.js";
import { along, between, mist } from "./scene.js";

/** A gently waving line around a row. */
function wave({ rng }: Scene, row: number, height: number, length: number): (x: number) => number {
  const [a, b] = [rng.uniform() * 2 * Math.PI, rng.uniform() * 2 * Math.PI];
  const k = (2 * Math.PI) / length;
  return (x) => row + height * (0.65 * Math.sin(k * x + a) + 0.35 * Math.sin(1.7 * k * x + b));
}

const ROCK: Rgb = [0.5, 0.47, 0.5];
const MEADOW: Rgb = [0.36, 0.66, 0.22];

/** Pointed peaks with lit and shaded faces and caps of snow, over a meadow. */
export const mountains: TerrainPainter = (scene) => {
  const { canvas, rng, light } = scene;
  const peak = ([x, top]: Point, foot: number, width: number, distance: number, cap: number) => {
    const spine = x + between(rng, [-0.1, 0.3]) * width;
    const left: Point[] = [
      [x, top],
      [spine, foot],
      [x - width, foot],
    ];
    const right: Point[] = [
      [x, top],
      [x + width, foot],
      [spine, foot],
    ];
    const rock = (lit: number) => light.shade(light.ground(ROCK, 0.25), lit, distance);
    const foothill = (lit: number) => light.shade(light.ground(mix(ROCK, MEADOW, 0.35), 0.5), lit, distance);
    polygon(canvas, left, { top: rock(0.85), bottom: foothill(0.7) });
    polygon(canvas, right, { top: rock(0.1), bottom: foothill(0.15) });
    const line = top + cap * (foot - top);
    const teeth: Coverage = (px, py) => line + Math.abs((((((px - x) / 11) % 2) + 2) % 2) - 1) * 10 - 5 - py + 0.5;
    polygon(canvas, left, { top: light.shade(light.snow, 1, distance) }, teeth);
    polygon(canvas, right, { top: light.shade(light.snow, 0.3, distance) }, teeth);
  };
  const snowy = light.weather === "snowy";
  for (const x of along(scene, [32, 46])) peak([x, between(rng, [46, 58])], 100, between(rng, [34, 42]), 0.55, snowy ? 0.6 : 0.3);
  mist(scene, 92);
  const great = along(scene, [46, 66]).map((x): Point => [x, between(rng, [20, 42])]);
  great.sort((a, b) => a[1] - b[1]);
  for (const [x, top] of great) peak([x, top], 118, (118 - top) * between(rng, [0.5, 0.6]), 0.08, snowy ? 0.62 : 0.34);
  mist(scene, 104, 8);
  const grass = light.ground(MEADOW);
  under(canvas, wave(scene, 108, 4, 110), { top: light.shade(grass, 0.75), bottom: light.shade(grass, 0.25) });
};

const GRASS: readonly Rgb[] = [
  [0.42, 0.74, 0.24],
  [0.55, 0.8, 0.28],
  [0.32, 0.66, 0.26],
  [0.7, 0.82, 0.3],
];

/** Overlapping green domes. */
export const hills: TerrainPainter = (scene) => {
  const { canvas, rng, light } = scene;
  const rows = [
    { crest: 66, apart: [46, 66], wide: [44, 60], distance: 0.5 },
    { crest: 80, apart: [56, 80], wide: [52, 70], distance: 0.25 },
    { crest: 98, apart: [70, 100], wide: [64, 84], distance: 0 },
  ] as const;
  for (const { crest, apart, wide, distance } of rows) {
    const base = light.shade(light.ground(GRASS[2]), 0.3, distance);
    rectangle(canvas, [-1, crest + 16, canvas.width + 1, canvas.height + 1], { top: base });
    for (const x of along(scene, apart)) {
      const grass = light.ground(GRASS[rng.below(GRASS.length)], 0.9);
      const ry = between(rng, [30, 38]);
      const top = crest + between(rng, [-6, 4]);
      const fill = { top: light.shade(grass, 1, distance), bottom: light.shade(grass, 0, distance), y0: top, y1: top + 30 };
      ellipse(canvas, [x, top + ry], between(rng, wide), ry, fill);
    }
    mist(scene, crest + 16, 7, 0.65);
  }
};

const SAND: Rgb = [0.96, 0.76, 0.42];
const CACTUS: Rgb = [0.22, 0.52, 0.26];

/** Dunes with sharp crests and shaded lee sides, and cactuses. */
export const desert: TerrainPainter = (scene) => {
  const { canvas, rng, light } = scene;
  const rows = [
    { foot: 84, tall: [16, 24], apart: [56, 80], distance: 0.4 },
    { foot: 102, tall: [20, 30], apart: [76, 104], distance: 0.18 },
    { foot: 128, tall: [24, 34], apart: [96, 130], distance: 0 },
  ] as const;
  for (const { foot, tall, apart, distance } of rows) {
    const sand = light.ground(SAND, 0.75);
    const lit = light.shade(sand, 1, distance);
    const dim = light.shade(sand, 0.55, distance);
    const dark = light.shade(light.ground(SAND, 0.5), 0.05, distance);
    rectangle(canvas, [-1, foot - 4, canvas.width + 1, canvas.height + 1], { top: dim });
    for (const x of along(scene, apart, 130)) {
      const high = between(rng, tall);
      const top = foot - high;
      const [wl, wr] = [high * 2.8, high * 2];
      // Steep at the crest, flat at the toe.
      const above: Coverage = (px, py) => {
        const u = Math.min(1, px < x ? (x - px) / wl : (px - x) / wr);
        return (py - top - high * (1 - (1 - u) ** 1.7)) * 0.8 + 0.5;
      };
      const box = [x - wl, top - 1, x + wr, foot] as const;
      paint(canvas, box, above, { top: lit, bottom: dim, y0: top, y1: foot });
      const lee: Coverage = (px, py) => {
        const v = (py - top) / high;
        return Math.min(above(px, py), px - x + 16 * v - 22 * v * v + 0.5, 3 * (1 - v) + 0.2);
      };
      paint(canvas, box, lee, { top: dark, bottom: mix(dark, dim, 0.5), y0: top, y1: foot });
    }
    mist(scene, foot - 6, 7, 0.65);
  }
  for (const x of along(scene, [90, 150])) cactus(scene, x, between(rng, [108, 120]));
};

function cactus({ canvas, rng, light }: Scene, x: number, foot: number): void {
  const green = light.ground(CACTUS, 0.3);
  const fill = { top: light.shade(green, 0.7), bottom: light.shade(green, 0.1), y0: foot - 36, y1: foot };
  const side = rng.below(2) ? 1 : -1;
  capsule(canvas, [x, foot - between(rng, [30, 38])], [x, foot], 3.6, fill);
  capsule(canvas, [x, foot - 12], [x + side * 10, foot - 13], 2.4, fill);
  capsule(canvas, [x + side * 10, foot - 13], [x + side * 10, foot - 24], 2.8, fill);
  capsule(canvas, [x, foot - 18], [x - side * 9, foot - 19], 2.4, fill);
  capsule(canvas, [x - side * 9, foot - 19], [x - side * 9, foot - 28], 2.8, fill);
}
