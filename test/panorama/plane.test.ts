import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lookOf, turn, vectorOf } from "#kernel-lib/panorama/angles.js";
import type { Coverage } from "#kernel-lib/panorama/coverage.js";
import { planeLook, planePoint } from "#kernel-lib/panorama/plane.js";

const real = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const coverages: fc.Arbitrary<Coverage> = fc.oneof(
  fc.record({
    projection: fc.constant("cylinder" as const),
    horizontal: real(1, 360),
    vertical: real(1, 170),
    edge: fc.constant("open" as const),
  }),
  fc.record({
    projection: fc.constant("equirectangular" as const),
    horizontal: real(1, 360),
    vertical: real(1, 180),
    edge: fc.constant("open" as const),
    centre: real(-60, 60),
  }),
);

describe("the plane of a panorama", () => {
  test("the point of a point's direction is the point", () => {
    fc.assert(
      fc.property(coverages, real(0, 1), real(0, 1), (coverage, u, v) => {
        const [x, y] = planePoint(coverage, planeLook(coverage, [u, v]));
        expect(x).toBeCloseTo(u, 9);
        expect(y).toBeCloseTo(v, 9);
      }),
    );
  });

  test("the middle is heading 0 at the centre's pitch, and the edges lie at half of what it covers", () => {
    fc.assert(
      fc.property(coverages, (coverage) => {
        const { horizontal, vertical, centre = 0 } = coverage;
        const [left, middle, top] = [[0, 0.5] as const, [0.5, 0.5] as const, [0.5, 0] as const].map((at) => planeLook(coverage, at));
        expect(middle.heading).toBeCloseTo(0, 9);
        expect(middle.pitch).toBeCloseTo(centre, 9);
        expect(left.heading).toBeCloseTo(-horizontal / 2, 9);
        expect(top.pitch).toBeCloseTo(centre + vertical / 2, 9);
      }),
    );
  });

  test("rows of a cylinder are heights: tan(pitch) is proportional to the distance from the middle row", () => {
    const strip: Coverage = { projection: "cylinder", horizontal: 360, vertical: 90, edge: "wrap" };
    for (const v of [0, 0.25, 0.5, 0.8, 1]) expect(Math.tan((planeLook(strip, [0, v]).pitch * Math.PI) / 180)).toBeCloseTo(1 - 2 * v, 12);
  });
});

describe("angles", () => {
  test("heading and pitch of a direction's vector are the direction's", () => {
    fc.assert(
      fc.property(real(-179.9, 179.9), real(-89, 89), real(0.1, 10), (heading, pitch, length) => {
        const [x, y, z] = vectorOf({ heading, pitch });
        expect(Math.hypot(x, y, z)).toBeCloseTo(1, 12);
        const found = lookOf([x * length, y * length, z * length]);
        expect(found.heading).toBeCloseTo(heading, 8);
        expect(found.pitch).toBeCloseTo(pitch, 8);
      }),
    );
  });

  test("turn brings an angle into [-180,180) and changes it by whole turns alone", () => {
    expect([0, 180, -180, 190, 540, -190].map(turn)).toEqual([0, -180, -180, -170, -180, 170]);
  });
});
