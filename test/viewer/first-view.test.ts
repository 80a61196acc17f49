/** The views that a viewer chooses by itself. */
import { describe, expect, test } from "vitest";
import type { Coverage } from "#kernel-lib/panorama/coverage.js";
import { horizontalFov } from "#kernel-lib/panorama/projections.js";
import { ahead, firstView, planet, whole } from "../../viewer/src/first-view.js";

const strip: Coverage = { projection: "equirectangular", horizontal: 360, vertical: 60, edge: "wrap" };
const sphere: Coverage = { projection: "equirectangular", horizontal: 360, vertical: 180, edge: "wrap" };
const wide = { width: 1000, height: 428 };

describe("the first view", () => {
  test("is all of a strip whose pixels would be stretched, and straight ahead of one that is sharp", () => {
    expect(firstView(strip, 768, wide)).toMatchObject({ projection: "flat", fov: 360 / (1000 / 428) });
    expect(firstView(strip, 8192, wide)).toMatchObject({ projection: "perspective", fov: 60 * 0.94 });
  });

  test("is straight ahead of a sphere and of a part of a turn, however few their pixels are", () => {
    expect(firstView(sphere, 512, wide)).toMatchObject({ projection: "perspective", fov: 75, pitch: 0 });
    expect(firstView({ ...strip, horizontal: 120, edge: "open" }, 256, wide)).toMatchObject({ projection: "perspective" });
  });

  test("begins at the middle of a strip that lies above the horizon", () => {
    for (const pixels of [768, 8192]) expect(firstView({ ...strip, centre: 20 }, pixels, wide).pitch).toBe(20);
  });
});

test("a whole strip is as wide as the view; on a narrow screen a part of it has a third of the height", () => {
  for (const aspect of [21 / 9, 16 / 9, 4 / 3])
    expect(whole(strip, aspect).fov * aspect).toBeCloseTo(Math.min(360, (60 / 0.3) * aspect), 9);
  expect(whole(strip, 0.5).fov).toBe(60 / 0.3);
  expect(whole({ ...strip, vertical: 10 }, 0.05).fov).toBeCloseTo(10 / 0.3, 9);
});

test("on an upright screen the angle of view is that of the width", () => {
  const narrow = ahead(sphere, 0.6);
  expect(narrow.fov).toBeLessThanOrEqual(120);
  expect(horizontalFov("perspective", narrow.fov, 0.6)).toBeCloseTo(75, 9);
  expect(horizontalFov("planet", planet(0.6).fov, 0.6)).toBeCloseTo(230, 9);
  expect(planet(2).fov).toBe(230);
});
