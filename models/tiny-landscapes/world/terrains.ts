/** @file Six terrains, each known by its shapes: peaks, domes, dunes, firs, towers, and a flat horizon. */
import type { Coverage, Point, Rgb } from "./canvas.js";
import { capsule, ellipse, mix, paint, polygon, rectangle, under } from "./canvas.js";
import type { Terrain } from "./captions.js";
import type { Scene } from "./sky.js";
import { along, between, HORIZON } from "./sky.js";

/** Paints a terrain over its sky. `suns`: where the sky's suns stand. */
export type TerrainPainter = (scene: Scene, suns: readonly Point[]) => void;

/** A soft bank of mist around a row, in misty weather. */
function mist({ canvas, light }: Scene, row: number, spread = 9, alpha = 0.75): void {
  if (light.weather !== "misty") return;
  paint(canvas, [0, row - 3 * spread, canvas.width, row + 3 * spread], (_, y) => Math.exp(-0.5 * ((y - row) / spread) ** 2), {
    top: light.haze,
    alpha,
  });
}

/** A gently waving line around a row. */
function wave({ rng }: Scene, row: number, height: number, length: number): (x: number) => number {
  const [a, b] = [rng.uniform() * 2 * Math.PI, rng.uniform() * 2 * Math.PI];
  const k = (2 * Math.PI) / length;
  return (x) => row + height * (0.65 * Math.sin(k * x + a) + 0.35 * Math.sin(1.7 * k * x + b));
}

const ROCK: Rgb = [0.5, 0.47, 0.5];
const MEADOW: Rgb = [0.36, 0.66, 0.22];

const mountains: TerrainPainter = (scene) => {
  const { canvas, rng, light } = scene;
  const peak = ([x, top]: Point, foot: number, width: number, distance: number, cap: number) => {
    const spine = x + between(rng, [-0.1, 0.3]) * width;
    const left: Point[] = [[x, top], [spine, foot], [x - width, foot]];
    const right: Point[] = [[x, top], [x + width, foot], [spine, foot]];
    const rock = (lit: number) => light.shade(light.ground(ROCK, 0.25), lit, distance);
    const foothill = (lit: number) => light.shade(light.ground(mix(ROCK, MEADOW, 0.35), 0.5), lit, distance);
    polygon(canvas, left, { top: rock(0.85), bottom: foothill(0.7) });
    polygon(canvas, right, { top: rock(0.1), bottom: foothill(0.15) });
    const line = top + cap * (foot - top);
    const teeth: Coverage = (px, py) => line + Math.abs(((((px - x) / 11) % 2) + 2) % 2 - 1) * 10 - 5 - py + 0.5;
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

const GRASS: readonly Rgb[] = [[0.42, 0.74, 0.24], [0.55, 0.8, 0.28], [0.32, 0.66, 0.26], [0.7, 0.82, 0.3]];

const hills: TerrainPainter = (scene) => {
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

const desert: TerrainPainter = (scene) => {
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

const FIR: Rgb = [0.16, 0.5, 0.26];
const FLOOR: Rgb = [0.3, 0.5, 0.2];

const forest: TerrainPainter = (scene) => {
  const { canvas, rng, light } = scene;
  const rows = [
    { foot: 92, tall: [34, 48], half: 10, apart: [17, 25], distance: 0.55 },
    { foot: 108, tall: [40, 54], half: 12, apart: [21, 30], distance: 0.28 },
    { foot: 124, tall: [46, 62], half: 13, apart: [30, 46], distance: 0 },
  ] as const;
  for (const { foot, tall, half, apart, distance } of rows) {
    const floor = light.ground(FLOOR);
    for (const x of along(scene, apart)) fir(scene, [x, foot + between(rng, [-2, 2])], between(rng, tall), half, distance);
    rectangle(canvas, [-1, foot - 2, canvas.width + 1, canvas.height + 1], {
      top: light.shade(floor, 0.7, distance),
      bottom: light.shade(floor, 0.2, distance),
    });
    mist(scene, foot - 4, 7, 0.7);
  }
};

function fir({ canvas, light }: Scene, [x, foot]: Point, tall: number, half: number, distance: number): void {
  const green = light.ground(FIR, 0.2);
  const top = foot - tall;
  for (const [from, to, wide] of [[0.42, 1, 1], [0.18, 0.72, 0.8], [0, 0.44, 0.58]] as const) {
    const [y0, y1, w] = [top + from * tall, top + to * tall, wide * half];
    const fill = (lit: number) => ({ top: light.shade(light.ground(FIR, 1), lit, distance), bottom: light.shade(green, lit * 0.6, distance) });
    polygon(canvas, [[x, y0], [x + w, y1], [x - w, y1]], fill(0.9));
    polygon(canvas, [[x, y0], [x + w, y1], [x + 1, y1]], fill(0.25));
  }
}

const WALLS: readonly Rgb[] = [[0.72, 0.52, 0.46], [0.62, 0.66, 0.72], [0.82, 0.74, 0.62], [0.5, 0.56, 0.66]];
const STREET: Rgb = [0.42, 0.43, 0.46];

const city: TerrainPainter = (scene) => {
  const { canvas, rng, light } = scene;
  for (const x of along(scene, [22, 32])) tower(scene, x, between(rng, [18, 24]), between(rng, [44, 70]), 0.6);
  mist(scene, 92);
  for (const x of along(scene, [30, 42])) tower(scene, x, between(rng, [19, 25]), between(rng, [34, 84]), 0.05);
  mist(scene, 108, 8);
  const street = light.ground(STREET);
  rectangle(canvas, [-1, 117, canvas.width + 1, 129], { top: light.shade(street, 0.8), bottom: light.shade(street, 0.4) });
};

function tower(scene: Scene, x: number, wide: number, top: number, distance: number): void {
  const { canvas, rng, light } = scene;
  const wall = WALLS[rng.below(WALLS.length)];
  const foot = 122;
  const shape = rng.below(3);
  const block = (x0: number, x1: number, y0: number, y1: number) => {
    const edge = x0 + (x1 - x0) * 0.66;
    rectangle(canvas, [x0, y0, x1, y1], { top: light.shade(wall, 1, distance), bottom: light.shade(wall, 0.7, distance) });
    rectangle(canvas, [edge, y0, x1, y1], { top: light.shade(wall, 0.15, distance), bottom: light.shade(wall, 0.05, distance) });
    if (light.weather === "snowy") rectangle(canvas, [x0 - 1, y0 - 2, x1 + 1, y0 + 4], { top: light.shade(light.snow, 0.9, distance) });
  };
  if (shape === 1) block(x + wide * 0.2, x + wide * 0.8, top - 12, top + 1);
  if (shape === 2) {
    const roof = light.shade(light.ground(mix(wall, [0.5, 0.2, 0.2], 0.4)), 0.6, distance);
    polygon(canvas, [[x + wide / 2, top - 14], [x + wide, top + 1], [x, top + 1]], { top: roof });
  }
  block(x, x + wide, top, foot);
  if (distance < 0.3) panes(scene, [x, top], wide);
}

/** Large windows: lit at night and at sunset, glass by day. */
function panes({ canvas, rng, light }: Scene, [x, top]: Point, wide: number): void {
  const glowing = light.time === "night" || light.time === "sunset";
  const glass: Rgb = glowing ? [1, 0.84, 0.42] : mix(light.sky[1], light.shade([0.3, 0.4, 0.5], 0.6), 0.5);
  for (let y = top + 8; y < 106; y += 14) {
    if (rng.uniform() < (glowing ? 0.65 : 1)) rectangle(canvas, [x + 3.5, y, x + wide * 0.66 - 2, y + 6.5], { top: glass, alpha: 0.9 });
  }
}

const ISLAND: Rgb = [0.3, 0.52, 0.3];
const SAIL: Rgb = [0.98, 0.96, 0.92];
const HULL: Rgb = [0.6, 0.22, 0.16];

const sea: TerrainPainter = (scene, suns) => {
  const { canvas, rng, light } = scene;
  const line = 72;
  for (const x of along(scene, [120, 210])) {
    const rx = between(rng, [24, 40]);
    const ry = between(rng, [10, 18]);
    const land = light.ground(ISLAND);
    const fill = { top: light.shade(land, 0.8, 0.4), bottom: light.shade(land, 0.1, 0.4), y0: line - ry, y1: line };
    ellipse(canvas, [x, line + 2], rx, ry, fill);
    ellipse(canvas, [x + rx * 0.7, line + 2], rx * 0.7, ry * 0.55, fill);
  }
  mist(scene, line - 4, 9, 0.9);
  const [far, near, crest] = light.water;
  rectangle(canvas, [-1, line, canvas.width + 1, canvas.height + 1], { top: far, bottom: near });
  for (const [x] of suns) {
    const beam: Coverage = (px, py) => Math.exp(-0.5 * ((px - x) / (7 + 0.16 * (py - line))) ** 2) * Math.min(1, (py - line) / 2);
    paint(canvas, [x - 48, line, x + 48, canvas.height], beam, { top: light.disc, alpha: 0.55 });
  }
  for (const [row, high] of [[82, 1.6], [95, 2.4], [112, 3.4]] as const) {
    for (const x of along(scene, [44 + high * 8, 70 + high * 10])) {
      ellipse(canvas, [x, row + between(rng, [-2, 2])], 14 + high * 6, high, { top: crest, alpha: 0.8 }, 1.5);
    }
  }
  if (light.weather === "snowy") for (const x of along(scene, [48, 80])) floe(scene, x, between(rng, [84, 120]));
  for (const x of along(scene, [110, 170])) boat(scene, x, between(rng, [84, 98]));
  mist(scene, 101, 6, 0.7);
};

function floe({ canvas, rng, light }: Scene, x: number, y: number): void {
  const rx = between(rng, [12, 20]) * (0.6 + (y - 80) / 60);
  ellipse(canvas, [x, y + 3], rx, 5, { top: light.shade([0.6, 0.8, 0.9], 0.3) });
  ellipse(canvas, [x, y], rx, 4.5, { top: light.shade(light.snow, 1) });
}

function boat({ canvas, light }: Scene, x: number, y: number): void {
  const size = 0.75 + (y - HORIZON) / 40;
  const at = (dx: number, dy: number): Point => [x + dx * size, y + dy * size];
  polygon(canvas, [at(1, -26), at(14, -5), at(1, -5)], { top: light.shade(SAIL, 1) });
  polygon(canvas, [at(-1, -22), at(-1, -5), at(-11, -5)], { top: light.shade(SAIL, 0.4) });
  polygon(canvas, [at(-13, -4), at(15, -4), at(9, 3), at(-8, 3)], { top: light.shade(HULL, 0.8) });
}

export const terrainPainters = { mountains, hills, desert, forest, city, sea } satisfies Record<Terrain, TerrainPainter>;
