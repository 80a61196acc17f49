/** @file Terrains that are the shape of the land itself: mountains, hills, desert. */
import type { Point, Rgb } from "./canvas.js";
import { capsule, ellipse, mix, polygon, rectangle, under } from "./canvas.js";
import type { Scene, TerrainPainter } from "./scene.js";
import { along, between, mist, thing, wave } from "./scene.js";

const ROCK: Rgb = [0.56, 0.49, 0.5];
const MEADOW: Rgb = [0.36, 0.66, 0.22];

/** Great peaks before a hazy row, over two meadows. At most two summits of each row lie in a 128-pixel window. */
export const mountains: TerrainPainter = (scene) => {
  const { rng, light } = scene;
  for (const x of along(scene, [64, 84])) peak(scene, [x, between(rng, [44, 58])], 104, between(rng, [0.9, 1.1]), 0.55);
  mist(scene, 92);
  // A high peak follows a low one, so that the line of summits rises and falls.
  const high = rng.below(2);
  const great = along(scene, [64, 80]).map((x, k): Point => [x, between(rng, k % 2 === high ? [12, 24] : [32, 44])]);
  great.sort((a, b) => a[1] - b[1]);
  for (const summit of great) peak(scene, summit, 120, between(rng, [0.58, 0.7]), 0.08);
  mist(scene, 102, 8);
  const grass = light.ground(MEADOW);
  const { canvas } = thing(scene, "ground");
  under(canvas, wave(scene, 102, 4, 150), { top: light.shade(grass, 0.5, 0.3), bottom: light.shade(grass, 0.3, 0.15) });
  under(canvas, wave(scene, 113, 4, 110), { top: light.shade(grass, 0.85), bottom: light.shade(grass, 0.35) });
};

/** The point of a line at a part of the way down. */
type Line = (part: number) => Point;

/** A pointed peak with a lit and a shaded face and a cap of snow. `slope`: half its width over its height. */
function peak(scene: Scene, [x, top]: Point, foot: number, slope: number, distance: number): void {
  const { canvas, rng, light } = thing(scene, "peak");
  const tall = foot - top;
  const knee = 0.62;
  /** A line from the summit to the foot with one bend, at the knee. */
  const line =
    (bend: number, end: number): Line =>
    (part) => {
      const across = part < knee ? (part / knee) * bend : bend + ((part - knee) / (1 - knee)) * (end - bend);
      return [x + across * slope * tall, top + part * tall];
    };
  const left = line(-knee + between(rng, [-0.03, 0.12]), -1);
  const right = line(knee - between(rng, [-0.03, 0.12]), 1);
  const spine = line(between(rng, [0, 0.22]), between(rng, [-0.3, 0.05]));
  const summit: Point = [x, top];
  // The cap ends in three large teeth: at both edges and on the spine. Rock starts inside it, so that no rock rims the snow.
  const cap = light.weather === "snowy" ? knee : 0.4;
  const [edge, notch, start] = [cap * 0.8, cap * 0.62, cap * 0.3];
  const gap = (side: Line): Point => [(side(notch)[0] + spine(notch)[0]) / 2, top + notch * tall];
  // A lit face reaches a little under the shaded one, so that no sky shows between them.
  const behind = (part: number): Point => [spine(part)[0] + 2, top + part * tall];
  const rock = (lit: number) => light.shade(light.ground(ROCK, 0.25), lit, distance);
  const foothill = (lit: number) => light.shade(light.ground(mix(ROCK, MEADOW, 0.35), 0.5), lit, distance);
  polygon(canvas, [left(edge), behind(start), behind(knee), behind(1), left(1), left(knee)], { top: rock(0.85), bottom: foothill(0.7) });
  polygon(canvas, [spine(start), right(edge), right(knee), right(1), spine(1), spine(knee)], { top: rock(0.1), bottom: foothill(0.15) });
  polygon(canvas, [summit, behind(notch), spine(cap), gap(left), left(edge)], { top: light.shade(light.snow, 1, distance) });
  polygon(canvas, [summit, right(edge), gap(right), spine(cap)], { top: light.shade(light.snow, 0.3, distance) });
}

const GRASS: readonly Rgb[] = [
  [0.42, 0.74, 0.24],
  [0.55, 0.8, 0.28],
  [0.32, 0.66, 0.26],
  [0.7, 0.82, 0.3],
];

/** Overlapping green domes, and round trees on some of the near ones. */
export const hills: TerrainPainter = (scene) => {
  const { rng, light } = scene;
  const { canvas } = thing(scene, "ground");
  const rows = [
    { crest: 66, apart: [50, 70], wide: [46, 62], distance: 0.5, trees: 0 },
    { crest: 80, apart: [60, 84], wide: [54, 72], distance: 0.25, trees: 0.45 },
    { crest: 98, apart: [74, 104], wide: [66, 86], distance: 0, trees: 0.6 },
  ] as const;
  for (const { crest, apart, wide, distance, trees } of rows) {
    const base = light.shade(light.ground(GRASS[2]), 0.3, distance);
    rectangle(canvas, [-1, crest + 16, canvas.width + 1, canvas.height + 1], { top: base });
    for (const x of along(scene, apart)) {
      const top = crest + between(rng, [-6, 4]);
      if (rng.uniform() < trees) roundTree(scene, [x + between(rng, [-20, 20]), top + 3], between(rng, [8, 10]), distance);
      dome(scene, [x, top], between(rng, wide), between(rng, [30, 38]), distance);
    }
    mist(scene, crest + 16, 7, 0.65);
  }
};

function dome(scene: Scene, [x, top]: Point, rx: number, ry: number, distance: number): void {
  const { canvas, rng, light } = thing(scene, "hill");
  const grass = light.ground(GRASS[rng.below(GRASS.length)], 0.9);
  const fill = { top: light.shade(grass, 1, distance), bottom: light.shade(grass, 0, distance), y0: top, y1: top + 30 };
  ellipse(canvas, [x, top + ry], rx, ry, fill);
}

const LEAVES: Rgb = [0.2, 0.52, 0.2];
const TRUNK: Rgb = [0.42, 0.28, 0.2];

/** A trunk under a round crown of radius `r`. */
function roundTree(scene: Scene, [x, foot]: Point, r: number, distance: number): void {
  const { canvas, light } = thing(scene, "tree");
  const leaves = light.ground(LEAVES, 0.3);
  rectangle(canvas, [x - 2.5, foot - 9, x + 2.5, foot + 4], { top: light.shade(TRUNK, 0.5, distance) });
  ellipse(canvas, [x, foot - 7 - r], r, r * 1.1, { top: light.shade(leaves, 1, distance), bottom: light.shade(leaves, 0, distance) });
}

const SAND: Rgb = [1, 0.76, 0.38];
const CACTUS: Rgb = [0.22, 0.52, 0.26];

/** Dunes with sharp crests and shaded lee sides, and cactuses. */
export const desert: TerrainPainter = (scene) => {
  const { rng, light } = scene;
  const { canvas } = thing(scene, "ground");
  const rows = [
    { foot: 84, tall: [14, 22], apart: [70, 96], distance: 0.3 },
    { foot: 104, tall: [22, 32], apart: [90, 120], distance: 0.13 },
    { foot: 130, tall: [26, 38], apart: [110, 150], distance: 0 },
  ] as const;
  for (const { foot, tall, apart, distance } of rows) {
    const ground = light.shade(light.ground(SAND, 0.75), 0.55, distance);
    rectangle(canvas, [-1, foot - 4, canvas.width + 1, canvas.height + 1], { top: ground });
    for (const x of along(scene, apart, 130)) dune(scene, x, foot, between(rng, tall), distance);
    mist(scene, foot - 6, 7, 0.65);
  }
  for (const x of along(scene, [90, 150])) cactus(scene, [x, between(rng, [112, 122])], between(rng, [36, 46]));
};

/** A dune whose crest stands at x, lit on its left; both sides fade into the ground at its foot, so that no thin tip is seen. */
function dune(scene: Scene, x: number, foot: number, high: number, distance: number): void {
  const { canvas, light } = thing(scene, "dune");
  const sand = light.ground(SAND, 0.75);
  const dim = light.shade(sand, 0.55, distance);
  const top = foot - high;
  const parts = Array.from({ length: 13 }, (_, k) => k / 12);
  // Steep at the crest, flat at the toe.
  const flank =
    (wide: number) =>
    (part: number): Point => [x + wide * part, top + high * (1 - (1 - part) ** 1.6)];
  const right = parts.map(flank(2.2 * high));
  const left = parts.map(flank(-2.8 * high));
  polygon(canvas, [...right, ...left.toReversed()], { top: light.shade(sand, 1, distance), bottom: dim });
  // The crest swings to the left, then back to the right.
  const crest = parts.map((part): Point => [x + high * (1.4 * part * part - 0.9 * part), top + high * part]);
  const dark = light.shade(light.ground(SAND, 0.5), 0.05, distance);
  polygon(canvas, [...right, ...crest.toReversed()], { top: dark, bottom: dim });
}

/** A trunk of `tall` pixels with two raised arms. */
function cactus(scene: Scene, [x, foot]: Point, tall: number): void {
  const { canvas, rng, light } = thing(scene, "cactus");
  const green = light.ground(CACTUS, 0.3);
  const fill = { top: light.shade(green, 0.7), bottom: light.shade(green, 0.1), y0: foot - tall, y1: foot };
  const side = rng.below(2) ? 14 : -14;
  ellipse(scene.canvas, [x + 5, foot + 4], 16, 4, { top: light.shade(light.ground(SAND, 0.5), 0.05), alpha: 0.6 }, 2); // its shadow
  capsule(canvas, [x, foot - tall], [x, foot], 5, fill);
  for (const [across, elbow, hand] of [
    [side, 12, 25],
    [-side, 19, 32],
  ]) {
    capsule(canvas, [x, foot - elbow], [x + across, foot - elbow], 3.5, fill);
    capsule(canvas, [x + across, foot - elbow], [x + across, foot - hand], 3.5, fill);
  }
}
