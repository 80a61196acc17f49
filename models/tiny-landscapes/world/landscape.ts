/**
 * @file The world that the bundled model knows: landscapes of a time of day, a terrain and a weather, drawn as large flat shapes in clear
 * palettes.
 * Nothing is smaller than about 4 pixels, so that a small factor-8 autoencoder keeps all of it. Everything recurs along the width,
 * so that each 128-pixel window of a wide scene shows its time and its terrain.
 */
import type { Rng } from "../../../kernel-lib/core/random.js";
import { createCanvas, toBytes } from "./canvas.js";
import type { Kind, Terrain, Time, Weather } from "./captions.js";
import { TERRAINS, TIMES } from "./captions.js";
import { createLight } from "./light.js";
import { paintSky } from "./sky.js";
import { terrainPainters } from "./terrains.js";

export interface LandscapeOptions {
  /** pixels */
  readonly width: number;
  readonly height?: 128;
  /** drawn uniformly if absent */
  readonly time?: Time;
  /** drawn uniformly if absent */
  readonly terrain?: Terrain;
  /** clear 60 %, snowy 20 %, misty 20 % if absent */
  readonly weather?: Weather;
}

export interface Landscape extends Kind {
  /** [H,W,3] RGB bytes */
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/**
 * Draws a landscape: a pure function of the random stream and the options.
 * @throws RangeError if the width is not a whole number above zero
 */
export function drawLandscape(rng: Rng, options: LandscapeOptions): Landscape {
  const { width, height = 128 } = options;
  if (!Number.isInteger(width) || width < 1)
    throw new RangeError(`drawLandscape: got width ${width}, want a whole number of pixels above 0`);
  // Drawn even if given, so that a seed draws the same shapes under any options.
  const drawn = { time: TIMES[rng.below(TIMES.length)], terrain: TERRAINS[rng.below(TERRAINS.length)], weather: drawWeather(rng) };
  const { time = drawn.time, terrain = drawn.terrain, weather = drawn.weather } = options;
  const canvas = createCanvas(width, height);
  const light = createLight(rng, time, weather);
  const scene = { canvas, rng, light };
  const suns = paintSky(scene);
  terrainPainters[terrain](scene, suns);
  return { pixels: toBytes(canvas), width, height, time, terrain, weather };
}

function drawWeather(rng: Rng): Weather {
  const u = rng.uniform();
  return u < 0.6 ? "clear" : u < 0.8 ? "snowy" : "misty";
}
