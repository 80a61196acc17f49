/** @file Terrains known by what stands on the ground or floats: forest, city, sea. */
import type { Coverage, Point, Rgb } from "./canvas.js";
import { ellipse, mix, paint, polygon, rectangle, triangle, under } from "./canvas.js";
import type { Range, Scene, TerrainPainter } from "./scene.js";
import { along, between, HORIZON, mist, thing, wave } from "./scene.js";

const FIR: Rgb = [0.18, 0.54, 0.28];
const BARK: Rgb = [0.36, 0.26, 0.22];
const FLOOR: Rgb = [0.3, 0.5, 0.2];

/** Two rows of firs before far woods. */
export const forest: TerrainPainter = (scene) => {
  const { rng, light } = scene;
  const woods = light.ground(FIR, 0.4);
  under(thing(scene, "none").canvas, wave(scene, 74, 5, 90), { top: light.shade(woods, 0.9, 0.75), bottom: light.shade(woods, 0.5, 0.7) });
  mist(scene, 84);
  const rows = [
    { foot: 106, tall: [46, 64], half: 16, apart: [24, 34], distance: 0.42 },
    { foot: 122, tall: [60, 84], half: 20, apart: [38, 56], distance: 0 },
  ] as const;
  const floor = light.ground(FLOOR);
  const { canvas } = thing(scene, "ground");
  for (const { foot, tall, half, apart, distance } of rows) {
    rectangle(canvas, [-1, foot - 6, canvas.width + 1, canvas.height + 1], {
      top: light.shade(floor, 0.8, distance),
      bottom: light.shade(floor, 0.3, distance),
    });
    for (const x of along(scene, apart)) fir(scene, [x, foot + between(rng, [-3, 3])], between(rng, tall), half, distance);
    mist(scene, foot - 6, 7, 0.7);
  }
};

/** Two tiers on a trunk, lit on the left. */
function fir(scene: Scene, [x, foot]: Point, tall: number, half: number, distance: number): void {
  const { canvas, light } = thing(scene, "fir");
  const top = foot - tall;
  const fill = (lit: number) => ({
    top: light.shade(light.ground(FIR, 1), lit, distance),
    bottom: light.shade(light.ground(FIR, 0.2), lit * 0.6, distance),
  });
  rectangle(canvas, [x - 3.5, foot - 10, x + 3.5, foot], { top: light.shade(BARK, 0.4, distance) });
  for (const [from, to, wide] of [
    [0.3, 0.92, 1],
    [0, 0.56, 0.74],
  ]) {
    const [y0, y1, w] = [top + from * tall, top + to * tall, wide * half];
    triangle(canvas, [x, y0], [x + 4, y1 + 3], [x - w, y1], fill(0.9));
    triangle(canvas, [x, y0], [x + w, y1], [x + 2, y1 + 3], fill(0.25));
  }
}

const WALLS: readonly Rgb[] = [
  [0.82, 0.48, 0.38],
  [0.9, 0.86, 0.8],
  [0.9, 0.74, 0.52],
  [0.46, 0.55, 0.7],
];
const ROOF: Rgb = [0.62, 0.26, 0.24];
const STREET: Rgb = [0.42, 0.43, 0.46];

/** A row of towers with large windows before a hazy one. */
export const city: TerrainPainter = (scene) => {
  const { rng, light } = scene;
  const row = (apart: Range, tops: Range, distance: number) => {
    for (const x of along(scene, apart)) tower(scene, [Math.round(x), Math.round(between(rng, tops))], rng.below(2) ? 30 : 40, distance);
  };
  row([34, 46], [44, 72], 0.6);
  mist(scene, 92);
  row([44, 58], [30, 80], 0.05);
  mist(scene, 108, 8);
  const street = light.ground(STREET);
  const { canvas } = thing(scene, "ground");
  rectangle(canvas, [-1, 117, canvas.width + 1, 129], { top: light.shade(street, 0.8), bottom: light.shade(street, 0.4) });
};

/** A tower whose wall starts at (x, top), whole pixels, under a roof of one of five shapes. */
function tower(scene: Scene, [x, top]: Point, wide: 30 | 40, distance: number): void {
  const { canvas, rng, light } = thing(scene, "tower");
  const wall = WALLS[rng.below(WALLS.length)];
  const roof = { top: light.shade(light.ground(mix(wall, ROOF, 0.7)), 0.6, distance) };
  const corner = x + 20;
  const block = (x0: number, x1: number, y0: number, y1: number) => {
    rectangle(canvas, [x0, y0, corner, y1], { top: light.shade(wall, 1, distance), bottom: light.shade(wall, 0.7, distance) });
    rectangle(canvas, [corner, y0, x1, y1], { top: light.shade(wall, 0.15, distance), bottom: light.shade(wall, 0.05, distance) });
    if (light.weather === "snowy") rectangle(canvas, [x0 - 1, y0 - 3, x1 + 1, y0 + 4], { top: light.shade(light.snow, 0.9, distance) });
  };
  const roofs = [
    () => {},
    () => block(x + wide * 0.2, x + wide * 0.9, top - 14, top),
    () => triangle(canvas, [x + wide / 2, top - 18], [x + wide, top + 1], [x, top + 1], roof),
    () => triangle(canvas, [x, top - 14], [x + wide, top + 1], [x, top + 1], roof),
    () => ellipse(canvas, [x + wide / 2, top + 1], wide * 0.4, wide * 0.4, roof, 1, top + 1),
  ];
  roofs[rng.below(roofs.length)]();
  block(x, x + wide, top, 122);
  if (distance < 0.3) panes(scene, [x, top], wide);
}

const PANE = 10;

/** Large square windows, one column on a slim tower and two on a broad one: lit at night and at sunset, glass by day. */
function panes({ canvas, rng, light }: Scene, [x, top]: Point, wide: 30 | 40): void {
  const glowing = light.time === "night" || light.time === "sunset";
  const glass: Rgb = glowing ? [1, 0.84, 0.42] : mix(light.sky[1], light.shade([0.3, 0.4, 0.5], 0.6), 0.5);
  for (let y = top + PANE; y < 104; y += 2 * PANE)
    for (let left = x + PANE / 2; left + PANE < x + wide; left += 2 * PANE)
      if (rng.uniform() < (glowing ? 0.7 : 1)) rectangle(canvas, [left, y, left + PANE, y + PANE], { top: glass, alpha: 0.9 });
}

const ISLAND: Rgb = [0.3, 0.52, 0.3];
const SAIL: Rgb = [0.98, 0.96, 0.92];
const HULL: Rgb = [0.6, 0.22, 0.16];
const SHORE = 72;

/** A flat horizon, broad waves, islands and sailing boats. */
export const sea: TerrainPainter = (scene, suns) => {
  const { canvas, rng, light } = scene;
  for (const x of along(scene, [120, 210])) island(scene, x, between(rng, [26, 42]), between(rng, [12, 20]));
  mist(scene, SHORE - 4, 9, 0.9);
  const [far, near, crest] = light.water;
  rectangle(thing(scene, "water").canvas, [-1, SHORE, canvas.width + 1, canvas.height + 1], { top: far, bottom: near });
  for (const [sun] of suns) {
    const beam: Coverage = (cover, x, y) => {
      const [wide, strength] = [7 + 0.16 * (y - SHORE), Math.min(1, (y - SHORE) / 2)];
      for (let i = 0; i < cover.length; i++) cover[i] = strength * Math.exp(-0.5 * ((x + i - sun) / wide) ** 2);
    };
    paint(canvas, [sun - 48, SHORE, sun + 48, canvas.height], beam, { top: light.disc, alpha: 0.55 });
  }
  for (const [row, high] of [
    [83, 3],
    [97, 4],
    [115, 5],
  ] as const) {
    for (const x of along(scene, [40 + high * 10, 64 + high * 13])) {
      ellipse(canvas, [x, row + between(rng, [-2, 2])], 10 + high * 6, high, { top: crest, alpha: 0.8 }, 2);
    }
  }
  if (light.weather === "snowy") for (const x of along(scene, [56, 90])) floe(scene, [x, between(rng, [88, 120])]);
  for (const x of along(scene, [110, 170])) boat(scene, [x, between(rng, [88, 104])]);
  mist(scene, 101, 6, 0.7);
};

/** A high dome and a lower one on its right, on the horizon. */
function island(scene: Scene, x: number, rx: number, ry: number): void {
  const { canvas, light } = thing(scene, "island");
  const land = light.ground(ISLAND);
  const fill = { top: light.shade(land, 0.8, 0.4), bottom: light.shade(land, 0.1, 0.4), y0: SHORE - ry, y1: SHORE };
  ellipse(canvas, [x, SHORE + 2], rx, ry, fill);
  ellipse(canvas, [x + rx * 0.7, SHORE + 2], rx * 0.7, ry * 0.55, fill);
}

function floe(scene: Scene, [x, y]: Point): void {
  const { canvas, rng, light } = thing(scene, "floe");
  const rx = between(rng, [14, 22]) * (0.6 + (y - 80) / 60);
  ellipse(canvas, [x, y + 4], rx, 5, { top: light.shade([0.6, 0.8, 0.9], 0.3) });
  ellipse(canvas, [x, y], rx, 5, { top: light.shade(light.snow, 1) });
}

/** Two sails that touch, on a hull. */
function boat(scene: Scene, [x, y]: Point): void {
  const { canvas, light } = thing(scene, "boat");
  const size = 1.1 + (y - HORIZON) / 40;
  const at = (dx: number, dy: number): Point => [x + dx * size, y + dy * size];
  triangle(canvas, at(0, -28), at(14, -4), at(0, -4), { top: light.shade(SAIL, 1) });
  triangle(canvas, at(0, -24), at(0, -4), at(-12, -4), { top: light.shade(SAIL, 0.4) });
  polygon(canvas, [at(-14, -4), at(15, -4), at(9, 4), at(-9, 4)], { top: light.shade(HULL, 0.8) });
}
