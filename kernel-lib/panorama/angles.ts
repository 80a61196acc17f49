/** @file Angles: degrees and radians, and directions as headings or as vectors. Vectors are x right, y up, z ahead. */

export type Direction = readonly [x: number, y: number, z: number];

/** Degrees to the right of the panorama's middle, and degrees up. */
export interface Look {
  readonly heading: number;
  readonly pitch: number;
}

export const radians = (degrees: number): number => (degrees * Math.PI) / 180;
export const degrees = (radians: number): number => (radians * 180) / Math.PI;

/** An angle brought into [-180,180). */
export const turn = (degrees: number): number => ((((degrees + 180) % 360) + 360) % 360) - 180;

/** Heading and pitch of a vector of any length. */
export const lookOf = ([x, y, z]: Direction): Look => ({
  heading: degrees(Math.atan2(x, z)),
  pitch: degrees(Math.atan2(y, Math.hypot(x, z))),
});

/** The vector of length 1 of a heading and a pitch. */
export function vectorOf({ heading, pitch }: Look): Direction {
  const [h, p] = [radians(heading), radians(pitch)];
  return [Math.cos(p) * Math.sin(h), Math.sin(p), Math.cos(p) * Math.cos(h)];
}
