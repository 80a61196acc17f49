/** @file Angles in degrees and radians; directions as heading and pitch or as vectors. Vectors are x right, y up, z ahead. */

/** A direction as a vector of any length: x right, y up, z ahead. */
export type Direction = readonly [x: number, y: number, z: number];

/** A direction in degrees: to the right of the panorama's middle, and up. */
export interface Look {
  readonly heading: number;
  readonly pitch: number;
}

/** Converts degrees to radians. */
export const radians = (degrees: number): number => (degrees * Math.PI) / 180;
/** Converts radians to degrees. */
export const degrees = (radians: number): number => (radians * 180) / Math.PI;

/** Wraps degrees into [-180,180). */
export const turn = (degrees: number): number => ((((degrees + 180) % 360) + 360) % 360) - 180;

/** Converts a vector of any length to heading and pitch. */
export const lookOf = ([x, y, z]: Direction): Look => ({
  heading: degrees(Math.atan2(x, z)),
  pitch: degrees(Math.atan2(y, Math.hypot(x, z))),
});

/** Converts heading and pitch to a unit vector. */
export function vectorOf({ heading, pitch }: Look): Direction {
  const [h, p] = [radians(heading), radians(pitch)];
  return [Math.cos(p) * Math.sin(h), Math.sin(p), Math.cos(p) * Math.cos(h)];
}
