/**
 * @file The world that the bundled model knows: landscapes of a time of day, a terrain and a weather, drawn as large flat shapes in clear
 * palettes.
 * Nothing is smaller than about 4 pixels, so that a small factor-8 autoencoder keeps all of it. Everything recurs along the width,
 * so that each 128-pixel window of a wide scene shows its time and its terrain.
 */
import type { Rng } from "../../../kernel-lib/core/random.js";
import { type Canvas, createCanvas, toBytes } from "./canvas.js";
import type { Kind, Terrain, Time, Weather } from "./captions.js";
import { TERRAINS, TIMES } from "./captions.js";
import { createLight } from "./light.js";
import type { Scene } from "./scene.js";
import { paintSky } from "./sky.js";
import { terrainPainters } from "./terrains.js";
import { type SeenThing, type Thing, type ThingMap, thingsIn } from "./things.js";

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

/** A landscape and what is seen where. */
export interface LabelledLandscape extends Landscape, ThingMap {
  /** what is seen in the whole of it */
  readonly objects: readonly SeenThing[];
}

/**
 * Draws a landscape: a pure function of the random stream and the options.
 * @throws RangeError if the width is not a whole number above zero
 */
export function drawLandscape(rng: Rng, options: LandscapeOptions): Landscape {
  return paintLandscape(rng, options, createCanvas(...sizeOf(options))).landscape;
}

/**
 * Draws the landscape that `drawLandscape` draws of the same random stream and options, and tells what is seen where.
 * @throws RangeError if the width is not a whole number above zero
 */
export function drawLabelled(rng: Rng, options: LandscapeOptions): LabelledLandscape {
  const [width, height] = sizeOf(options);
  const ids = new Uint16Array(width * height);
  const { landscape, things } = paintLandscape(rng, options, { ...createCanvas(width, height), mark: { ids } });
  const map = { ids, things, width };
  return { ...landscape, ...map, objects: thingsIn(map, { left: 0, top: 0, width, height, mirrored: false }) };
}

function sizeOf({ width, height = 128 }: LandscapeOptions): [width: number, height: number] {
  if (!Number.isInteger(width) || width < 1)
    throw new RangeError(`drawLandscape: got width ${width}, want a whole number of pixels above 0`);
  return [width, height];
}

function paintLandscape(rng: Rng, options: LandscapeOptions, canvas: Canvas): { landscape: Landscape; things: readonly Thing[] } {
  // Drawn even if given, so that a seed draws the same shapes under any options.
  const drawn = { time: TIMES[rng.below(TIMES.length)], terrain: TERRAINS[rng.below(TERRAINS.length)], weather: drawWeather(rng) };
  const { time = drawn.time, terrain = drawn.terrain, weather = drawn.weather } = options;
  const light = createLight(rng, time, weather);
  const scene: Scene = { canvas, rng, light, things: [] };
  const suns = paintSky(scene);
  terrainPainters[terrain](scene, suns);
  const { width, height } = canvas;
  return { landscape: { pixels: toBytes(canvas), width, height, time, terrain, weather }, things: scene.things };
}

function drawWeather(rng: Rng): Weather {
  const u = rng.uniform();
  return u < 0.6 ? "clear" : u < 0.8 ? "snowy" : "misty";
}
