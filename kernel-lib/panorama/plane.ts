/** @file Converts between points of a panorama's image and directions. viewer/src/shader.ts has the same formulas in GLSL. */
import { degrees, type Look, radians } from "./angles.js";
import type { Coverage } from "./coverage.js";

/** A point of an image, as fractions of its width from the left and of its height from the top. */
export type PlanePoint = readonly [u: number, v: number];

/** Height of a pitch above the middle row, as a fraction of the image's height. */
const heightOf = ({ projection, vertical, centre = 0 }: Coverage, pitch: number): number =>
  projection === "cylinder" ? Math.tan(radians(pitch)) / Math.tan(radians(vertical / 2)) / 2 : (pitch - centre) / vertical;

/** The direction that a point of the image shows. Not defined for a cube, whose image is six faces. */
export function planeLook(coverage: Coverage, [u, v]: PlanePoint): Look {
  const { projection, horizontal, vertical, centre = 0 } = coverage;
  const up = 0.5 - v;
  const pitch = projection === "cylinder" ? degrees(Math.atan(up * 2 * Math.tan(radians(vertical / 2)))) : centre + up * vertical;
  return { heading: (u - 0.5) * horizontal, pitch };
}

/**
 * The inverse: the point of the image that shows a direction. Headings are not wrapped: 190° lies to the right of a closed panorama's right
 * edge.
 */
export const planePoint = (coverage: Coverage, { heading, pitch }: Look): PlanePoint => [
  heading / coverage.horizontal + 0.5,
  0.5 - heightOf(coverage, pitch),
];
