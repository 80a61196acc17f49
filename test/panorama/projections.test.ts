/** The viewer's projections: each is written as a ray, as its inverse, and along the horizon; the three agree. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Direction, lookOf, radians } from "#kernel-lib/panorama/angles.js";
import { horizontalFov, type ProjectionRule, projections } from "#kernel-lib/panorama/projections.js";

/** The flat projection shows the panorama's own plane: its points are heading and pitch in radians. */
const flatRay = ([x, y]: readonly [number, number]): Direction => [Math.cos(y) * Math.sin(x), Math.sin(y), Math.cos(y) * Math.cos(x)];
const rules = Object.entries<ProjectionRule>(projections).map(([name, rule]) => ({ name, rule, ray: rule.ray ?? flatRay }));
const real = (most: number) => fc.double({ min: -most, max: most, noNaN: true });

describe.each(rules)("$name", ({ name, rule, ray }) => {
  test("point(ray(p)) is p, whatever the ray's length", () => {
    const most = name === "flat" ? [Math.PI - 0.01, Math.PI / 2 - 0.01] : [3, 3];
    fc.assert(
      fc.property(real(most[0]), real(most[1]), fc.double({ min: 0.1, max: 10, noNaN: true }), (x, y, length) => {
        const [dx, dy, dz] = ray([x, y]);
        const point = rule.point([dx * length, dy * length, dz * length]);
        expect(point?.[0]).toBeCloseTo(x, 6);
        expect(point?.[1]).toBeCloseTo(y, 6);
      }),
    );
  });

  test("aside(x) is the heading of ray((x, 0))", () => {
    fc.assert(
      fc.property(real(3), (x) => {
        expect(rule.aside(x)).toBeCloseTo(radians(lookOf(ray([x, 0])).heading), 9);
      }),
    );
  });

  test("the middle looks ahead, and the view is as wide as its edges lie apart", () => {
    expect(lookOf(ray([0, 0]))).toEqual({ heading: expect.closeTo(0, 9), pitch: expect.closeTo(0, 9) });
    const edge = ray([rule.scale(radians(60)) * 1.5, 0]);
    expect(horizontalFov(name as keyof typeof projections, 60, 1.5)).toBeCloseTo(2 * lookOf(edge).heading, 9);
  });
});

test("the top edge lies at half of the field of view", () => {
  for (const { name, rule, ray } of rules) {
    const top = lookOf(ray([0, rule.scale(radians(60))])).pitch;
    expect(top, name).toBeCloseTo(30, 9);
  }
});
