/** @file The sky of each time of day: its gradient, its sun or moon, its clouds or stars. */
import type { Point, Rgb } from "./canvas.js";
import { ellipse, glow, mix, paint, rectangle } from "./canvas.js";
import type { Time } from "./captions.js";
import type { Range, Scene } from "./scene.js";
import { along, between, HORIZON, thing } from "./scene.js";

/** Paints the sky. @returns the centres of the suns, for what mirrors them */
export function paintSky(scene: Scene): Point[] {
  const { canvas, light } = scene;
  const [zenith, middle, horizon] = light.sky;
  const half = HORIZON * 0.55;
  rectangle(canvas, [-1, -1, canvas.width + 1, canvas.height + 1], { top: zenith, bottom: middle, y0: 0, y1: half });
  paint(canvas, [0, half, canvas.width, canvas.height], (cover) => cover.fill(1), { top: middle, bottom: horizon, y0: half, y1: HORIZON });
  return skies[light.time](scene);
}

const skies = {
  dawn: (scene) => {
    const suns = discs(scene, { apart: [190, 280], rows: [54, 60], radius: 11, halo: 22, strength: 0.75 });
    streaks(scene, {
      colours: [
        [1, 0.93, 0.93],
        [1, 0.8, 0.84],
      ],
      rows: [12, 48],
      apart: [50, 80],
      alpha: 0.75,
    });
    return suns;
  },
  noon: (scene) => {
    const suns = discs(scene, { apart: [200, 300], rows: [16, 24], radius: 10, halo: 14, strength: 0.6 });
    puffs(scene);
    return suns;
  },
  sunset: (scene) => {
    const suns = discs(scene, { apart: [170, 260], rows: [50, 58], radius: 14, halo: 26, strength: 0.7 });
    streaks(scene, {
      colours: [
        [1, 0.62, 0.3],
        [0.62, 0.2, 0.5],
      ],
      rows: [10, 46],
      apart: [45, 75],
      alpha: 0.85,
    });
    return suns;
  },
  night: (scene) => {
    stars(scene);
    return discs(scene, { apart: [150, 230], rows: [20, 30], radius: 11, halo: 16, strength: 0.4 });
  },
  overcast: (scene) => {
    blanket(scene);
    return [];
  },
} satisfies Record<Time, (scene: Scene) => Point[]>;

interface Discs {
  readonly apart: Range;
  readonly rows: Range;
  readonly radius: number;
  /** standard deviation of the glow, pixels */
  readonly halo: number;
  readonly strength: number;
}

function discs(scene: Scene, { apart, rows, radius, halo, strength }: Discs): Point[] {
  const { canvas, rng, light } = scene;
  return along(scene, apart).map((x): Point => {
    const centre: Point = [x, between(rng, rows)];
    glow(canvas, centre, halo, halo, { top: light.disc, alpha: strength });
    ellipse(thing(scene, light.time === "night" ? "moon" : "sun").canvas, centre, radius, radius, { top: light.disc }, 1.5);
    return centre;
  });
}

interface Streaks {
  readonly colours: readonly Rgb[];
  readonly rows: Range;
  readonly apart: Range;
  readonly alpha: number;
}

/** Long thin clouds. */
function streaks(scene: Scene, { colours, rows, apart, alpha }: Streaks): void {
  const { rng } = scene;
  for (const x of along(scene, apart)) {
    const { canvas } = thing(scene, "cloud");
    const y = between(rng, rows);
    const top = colours[rng.below(colours.length)];
    const rx = between(rng, [26, 44]);
    ellipse(canvas, [x, y], rx, 5.5, { top, alpha }, 3);
    ellipse(canvas, [x + between(rng, [-18, 18]), y + 6], rx * 0.6, 4.5, { top, alpha }, 3);
  }
}

/** Round white clouds. */
function puffs(scene: Scene): void {
  const { rng } = scene;
  for (const x of along(scene, [75, 120])) puff(scene, [x, between(rng, [26, 48])], between(rng, [10, 13]));
}

/** Three round tops on a flat foot. */
function puff(scene: Scene, [x, foot]: Point, r: number): void {
  const { canvas } = thing(scene, "cloud");
  const fill = { top: [1, 1, 1] as Rgb, bottom: [0.84, 0.92, 1] as Rgb, y0: foot - r, y1: foot + 2 };
  ellipse(canvas, [x, foot - r * 0.5], r * 1.1, r, fill, 1.5, foot);
  ellipse(canvas, [x - r * 1.3, foot - 1], r, r * 0.7, fill, 1.5, foot);
  ellipse(canvas, [x + r * 1.4, foot - 1], r * 1.1, r * 0.75, fill, 1.5, foot);
}

/** Big soft stars. */
function stars(scene: Scene): void {
  const { canvas, rng } = scene;
  for (const x of along(scene, [26, 44])) {
    glow(canvas, [x, between(rng, [6, 50])], 2.4, 2.4, { top: [0.9, 0.92, 1] });
  }
}

/** A closed cover of heavy grey clouds: one thing. */
function blanket(scene: Scene): void {
  const { canvas, rng, light } = thing(scene, "cloud");
  const [zenith, middle] = light.sky;
  const tones = [mix(middle, [1, 1, 1], 0.22), mix(zenith, [0, 0, 0], 0.08), mix(middle, [1, 1, 1], 0.08)];
  for (const [k, row] of [38, 24, 8].entries()) {
    const tone = tones[k];
    for (const x of along(scene, [34, 52])) {
      const ry = between(rng, [10, 14]);
      ellipse(canvas, [x, row + between(rng, [-3, 3])], between(rng, [26, 38]), ry, { top: mix(tone, [1, 1, 1], 0.18), bottom: tone }, 2.5);
    }
  }
}
