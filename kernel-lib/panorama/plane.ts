/** @file From a panorama's plane, its columns and rows, to directions and back. viewer/src/shader.ts says the same in GLSL. */
import { degrees, type Look, radians } from "./angles.js";
import type { Coverage } from "./coverage.js";

/** A point of a picture: shares of its width from the left, and of its height from the top. */
export type PlanePoint = readonly [u: number, v: number];

/** How high a direction lies on the plane, in pictures' heights above the middle row. */
const heightOf = ({ projection, vertical, centre = 0 }: Coverage, pitch: number): number =>
  projection === "cylinder" ? Math.tan(radians(pitch)) / Math.tan(radians(vertical / 2)) / 2 : (pitch - centre) / vertical;

/** The direction that a point of the picture shows. Of a cube's picture there is none: its plane is six faces. */
export function planeLook(coverage: Coverage, [u, v]: PlanePoint): Look {
  const { projection, horizontal, vertical, centre = 0 } = coverage;
  const up = 0.5 - v;
  const pitch = projection === "cylinder" ? degrees(Math.atan(up * 2 * Math.tan(radians(vertical / 2)))) : centre + up * vertical;
  return { heading: (u - 0.5) * horizontal, pitch };
}

/**
 * The inverse: where a direction lies on the picture. Headings are not brought into one turn: a heading of 190 lies right of the right edge of
 * a closed panorama.
 */
export const planePoint = (coverage: Coverage, { heading, pitch }: Look): PlanePoint => [
  heading / coverage.horizontal + 0.5,
  0.5 - heightOf(coverage, pitch),
];
