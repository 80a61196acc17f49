/** @file How a point of the screen becomes a ray, one projection an entry. A new projection is one more entry. */

/**
 * GLSL of `vec3 ray(vec2 p)`: p is the point of the screen, [-1,1] upwards and [-aspect,aspect] to the right; `fov` is vertical, in
 * radians. The ray is in the camera's space: x right, y up, z ahead; any length.
 */
export const projections = {
  perspective: "vec3 ray(vec2 p) { return vec3(p * tan(fov * 0.5), 1.0); }",
} as const satisfies Record<string, string>;

export type Projection = keyof typeof projections;

/** Degrees of heading that a view of this shape shows at the height of its middle. */
export const horizontalFov = (fov: number, aspect: number): number =>
  (2 * Math.atan(Math.tan((fov * Math.PI) / 360) * aspect) * 180) / Math.PI;
