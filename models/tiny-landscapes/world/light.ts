/** @file The light of each time of day: its sky, its sun, and how it colours what stands on the ground. */
import type { Rng } from "../../../kernel-lib/core/random.js";
import type { Rgb } from "./canvas.js";
import { mix } from "./canvas.js";
import type { Time, Weather } from "./captions.js";

/** Colours of one scene. */
export interface Light {
  readonly time: Time;
  readonly weather: Weather;
  /** zenith, middle, horizon */
  readonly sky: readonly [Rgb, Rgb, Rgb];
  /** sun or moon */
  readonly disc: Rgb;
  /** albedo of snow */
  readonly snow: Rgb;
  /** far water, near water, wave crests */
  readonly water: readonly [Rgb, Rgb, Rgb];
  /** what distance and mist fade into */
  readonly haze: Rgb;
  /** The colour of a surface: lit 0 is its shadow, 1 its bright side; distance 0 is near, 1 lost in haze. */
  shade(albedo: Rgb, lit: number, distance?: number): Rgb;
  /** An albedo under this weather's snow; `depth` is how much of it the snow hides. */
  ground(albedo: Rgb, depth?: number): Rgb;
}

interface Daylight {
  readonly sky: readonly [Rgb, Rgb, Rgb];
  readonly disc: Rgb;
  readonly sun: Rgb;
  readonly shadow: Rgb;
  /** how far surfaces turn grey */
  readonly grey: number;
  /** albedo of snow; brighter than white where the light's own colour would hide that it is snow */
  readonly snow: Rgb;
  /** far water, near water, wave crests */
  readonly water: readonly [Rgb, Rgb, Rgb];
  /** how far mist is paler than the horizon */
  readonly pale: number;
}

const hex = (code: number): Rgb => [(code >> 16) / 255, ((code >> 8) & 255) / 255, (code & 255) / 255];

const DAYLIGHT = {
  dawn: {
    sky: [hex(0x9cc4f0), hex(0xe3cdea), hex(0xffc4c0)],
    disc: hex(0xfff3dc),
    sun: [1.08, 0.88, 0.92],
    shadow: [0.66, 0.58, 0.8],
    grey: 0.3,
    snow: [1, 1.1, 1.1],
    water: [hex(0xd9b3c8), hex(0x7f93c4), hex(0xf3ccd6)],
    pale: 0.45,
  },
  noon: {
    sky: [hex(0x1668e0), hex(0x3f97f5), hex(0xa6defc)],
    disc: hex(0xfff6b8),
    sun: [1.06, 1.06, 0.98],
    shadow: [0.6, 0.68, 0.8],
    grey: 0,
    snow: [0.96, 0.98, 1],
    water: [hex(0x3fb4e0), hex(0x0f62b4), hex(0x62d4de)],
    pale: 0.55,
  },
  sunset: {
    sky: [hex(0x53208a), hex(0xd8446e), hex(0xffa437)],
    disc: hex(0xffe88a),
    sun: [1.05, 0.56, 0.36],
    shadow: [0.4, 0.18, 0.38],
    grey: 0.2,
    snow: [0.98, 1.45, 1.9],
    water: [hex(0xd9643f), hex(0x5c2468), hex(0xff9a4a)],
    pale: 0.3,
  },
  night: {
    sky: [hex(0x040722), hex(0x0a1240), hex(0x2a3a86)],
    disc: hex(0xf2f0dc),
    sun: [0.42, 0.53, 0.8],
    shadow: [0.07, 0.1, 0.24],
    grey: 0.3,
    snow: [1.15, 1.15, 1.1],
    water: [hex(0x16266a), hex(0x070d36), hex(0x2a4596)],
    pale: 0.2,
  },
  overcast: {
    sky: [hex(0x7f868e), hex(0xa3a9ae), hex(0xc9ccce)],
    disc: hex(0xe0e2e4),
    sun: [0.72, 0.73, 0.74],
    shadow: [0.5, 0.51, 0.53],
    grey: 0.72,
    snow: [1.2, 1.22, 1.24],
    water: [hex(0x8b979d), hex(0x5d6a72), hex(0xa7b2b6)],
    pale: 0.4,
  },
} satisfies Record<Time, Daylight>;

/** The light of a time of day under a weather, with a small jitter of every colour. */
export function createLight(rng: Rng, time: Time, weather: Weather): Light {
  const jitter = (c: Rgb, by: number): Rgb => {
    const all = 1 + by * (rng.uniform() - 0.5);
    return [c[0] * all + by * (rng.uniform() - 0.5) * 0.3, c[1] * all, c[2] * all + by * (rng.uniform() - 0.5) * 0.3];
  };
  const { disc, sun, shadow, grey, snow, water, pale } = DAYLIGHT[time];
  const [zenith, middle, horizon] = DAYLIGHT[time].sky;
  const sky: readonly [Rgb, Rgb, Rgb] = [jitter(zenith, 0.1), jitter(middle, 0.08), jitter(horizon, 0.06)];
  const haze = weather === "misty" ? mix(sky[2], [1, 1, 1], pale) : mix(sky[2], sky[1], 0.25);
  const fog = weather === "misty" ? 1.25 : 1;
  return {
    time,
    weather,
    sky,
    disc,
    haze,
    snow,
    water: [jitter(water[0], 0.08), jitter(water[1], 0.08), jitter(water[2], 0.06)],
    shade: (albedo, lit, distance = 0) => {
      const luma = 0.3 * albedo[0] + 0.59 * albedo[1] + 0.11 * albedo[2];
      const [r, g, b] = mix(albedo, [luma, luma, luma], grey);
      const [lr, lg, lb] = mix(shadow, sun, lit);
      return mix([r * lr, g * lg, b * lb], haze, Math.min(0.9, distance * fog));
    },
    ground: (albedo, depth = 0.85) => (weather === "snowy" ? mix(albedo, snow, depth) : albedo),
  };
}
