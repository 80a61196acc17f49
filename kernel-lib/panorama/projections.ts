/**
 * @file The viewer's projections: how a point of the screen becomes a direction, and back. A new projection is one more entry.
 * Points are (x right, y up); the screen's middle is (0,0) and its top edge is at y = `scale(fov)`. Directions are x right, y up, z ahead.
 * Sources: J. P. Snyder, Map Projections, USGS Professional Paper 1395 (stereographic, p. 154, equirectangular, p. 90);
 * T. K. Sharpless, B. Postle, D. M. German, Pannini, CAe 2010 (with their d = 1).
 */
import { type Direction, degrees, radians } from "./angles.js";

/** A point of the screen. */
export type Point = readonly [x: number, y: number];

/** One projection. */
export interface ProjectionRule {
  /** y of the top edge for a vertical field of view in radians */
  readonly scale: (fov: number) => number;
  /** heading of the point (x, 0), radians to the right of the middle */
  readonly aside: (x: number) => number;
  /** the direction of a point, a vector of any length; null for "flat", which shows the panorama's own plane */
  readonly ray: ((at: Point) => Direction) | null;
  /** the point of a direction; undefined if it has none */
  readonly point: (of: Direction) => Point | undefined;
  /** GLSL of the same ray: the body of `vec3 ray(vec2 q)` */
  readonly glsl: string;
  /** smallest and largest vertical field of view, degrees */
  readonly range: readonly [number, number];
}

const ORDINARY = [20, 120] as const;

/** All projections by name. */
export const projections = {
  perspective: {
    scale: (fov) => Math.tan(fov / 2),
    aside: Math.atan,
    ray: ([x, y]) => [x, y, 1],
    point: ([x, y, z]) => (z > 1e-3 * Math.hypot(x, y, z) ? [x / z, y / z] : undefined),
    glsl: "return vec3(q, 1.0);",
    range: ORDINARY,
  },
  planet: {
    scale: (fov) => 2 * Math.tan(fov / 4),
    aside: (x) => 2 * Math.atan(x / 2),
    ray: ([x, y]) => [x, y, 1 - (x * x + y * y) / 4],
    point: ([x, y, z]) => {
      const over = Math.hypot(x, y, z) + z;
      return over > 1e-4 ? [(2 * x) / over, (2 * y) / over] : undefined;
    },
    glsl: "return vec3(q, 1.0 - dot(q, q) * 0.25);",
    range: [20, 320], // 320° shows a whole planet, from the ground to the sky
  },
  panini: {
    scale: (fov) => Math.tan(fov / 2),
    aside: (x) => 2 * Math.atan(x / 2),
    ray: ([x, y]) => [x, y, 1 - (x * x) / 4],
    point: ([x, y, z]) => {
      const over = Math.hypot(x, z) + z;
      return over > 1e-4 ? [(2 * x) / over, (2 * y) / over] : undefined;
    },
    glsl: "return vec3(q, 1.0 - q.x * q.x * 0.25);",
    range: ORDINARY,
  },
  flat: {
    scale: (fov) => fov / 2,
    aside: (x) => x,
    ray: null,
    point: ([x, y, z]) => [Math.atan2(x, z), Math.atan2(y, Math.hypot(x, z))],
    glsl: "return vec3(cos(q.y) * sin(q.x), sin(q.y), cos(q.y) * cos(q.x));",
    range: [20, 360], // a strip of 360° is whole on a square
  },
} as const satisfies Record<string, ProjectionRule>;

/** A projection's name. */
export type Projection = keyof typeof projections;

/** The projection of a name. */
export const ruleOf = (projection: Projection): ProjectionRule => projections[projection];

/** Horizontal field of view in degrees, along the middle row. @param aspect width / height */
export function horizontalFov(projection: Projection, fov: number, aspect: number): number {
  const { scale, aside } = ruleOf(projection);
  return 2 * degrees(aside(scale(radians(fov)) * aspect));
}
