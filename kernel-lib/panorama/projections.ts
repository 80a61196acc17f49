/**
 * @file How a point of the screen becomes a direction, one projection an entry; a new projection is one more entry.
 * Points are (x right, y up) with the screen's middle 0 and its top edge at `scale(fov)`. Directions are x right, y up, z ahead.
 * Sources: J. P. Snyder, Map Projections, USGS Professional Paper 1395 (stereographic, p. 154, equirectangular, p. 90);
 * T. K. Sharpless, B. Postle, D. M. German, Pannini, CAe 2010 (with their d = 1).
 */
import { type Direction, degrees, radians } from "./angles.js";

export type Point = readonly [x: number, y: number];

export interface ProjectionRule {
  /** the top edge's height, for a vertical field of view in radians */
  readonly scale: (fov: number) => number;
  /** radians to the right of the middle that the point (x, 0) shows */
  readonly aside: (x: number) => number;
  /** the direction of a point, of any length; null for "flat", whose plane is the panorama's own */
  readonly ray: ((at: Point) => Direction) | null;
  /** the point of a direction, undefined where it has none */
  readonly point: (of: Direction) => Point | undefined;
  /** GLSL of the same ray: the body of `vec3 ray(vec2 q)` */
  readonly glsl: string;
  /** least and most vertical degrees */
  readonly range: readonly [number, number];
}

const ORDINARY = [20, 120] as const;

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
    range: [20, 320], // a whole planet, ground to sky, needs more than an ordinary view
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
    range: ORDINARY,
  },
} as const satisfies Record<string, ProjectionRule>;

export type Projection = keyof typeof projections;

export const ruleOf = (projection: Projection): ProjectionRule => projections[projection];

/** Degrees of heading that a view of this shape shows at the height of its middle. */
export function horizontalFov(projection: Projection, fov: number, aspect: number): number {
  const { scale, aside } = ruleOf(projection);
  return 2 * degrees(aside(scale(radians(fov)) * aspect));
}
