/** @file Terrains known by what stands on the ground or floats: forest, city, sea. */
import type { Coverage, Point, Rgb } from "./canvas.js";
import { ellipse, mix, paint, polygon, rectangle } from "./canvas.js";
import type { Scene, TerrainPainter } from "./scene.js";
import { along, between, HORIZON, mist } from "./scene.js";

const FIR: Rgb = [0.16, 0.5, 0.26];
const FLOOR: Rgb = [0.3, 0.5, 0.2];

/** Three rows of firs. */
export const forest: TerrainPainter = (scene) => {
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
  for (const [from, to, wide] of [
    [0.42, 1, 1],
    [0.18, 0.72, 0.8],
    [0, 0.44, 0.58],
  ] as const) {
    const [y0, y1, w] = [top + from * tall, top + to * tall, wide * half];
    const fill = (lit: number) => ({
      top: light.shade(light.ground(FIR, 1), lit, distance),
      bottom: light.shade(green, lit * 0.6, distance),
    });
    polygon(
      canvas,
      [
        [x, y0],
        [x + w, y1],
        [x - w, y1],
      ],
      fill(0.9),
    );
    polygon(
      canvas,
      [
        [x, y0],
        [x + w, y1],
        [x + 1, y1],
      ],
      fill(0.25),
    );
  }
}

const WALLS: readonly Rgb[] = [
  [0.72, 0.52, 0.46],
  [0.62, 0.66, 0.72],
  [0.82, 0.74, 0.62],
  [0.5, 0.56, 0.66],
];
const STREET: Rgb = [0.42, 0.43, 0.46];

/** A row of towers with large windows before a hazy one. */
export const city: TerrainPainter = (scene) => {
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
    polygon(
      canvas,
      [
        [x + wide / 2, top - 14],
        [x + wide, top + 1],
        [x, top + 1],
      ],
      { top: roof },
    );
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

/** A flat horizon, broad waves, islands and sailing boats. */
export const sea: TerrainPainter = (scene, suns) => {
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
  for (const [row, high] of [
    [82, 1.6],
    [95, 2.4],
    [112, 3.4],
  ] as const) {
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
