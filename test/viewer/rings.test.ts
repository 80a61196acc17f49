/** Windows and crops across the cut of a closed panorama. */
import { describe, expect, test } from "vitest";
import type { Coverage } from "#kernel-lib/panorama/coverage.js";
import type { ViewState } from "#kernel-lib/panorama/view-state.js";
import { cropRectangle } from "../../viewer/src/keep.js";
import { innermost } from "../../viewer/src/window-frames.js";

const ring: Coverage = { projection: "equirectangular", horizontal: 360, vertical: 60, edge: "wrap" };
const strip: Coverage = { ...ring, edge: "open" };

describe("the window at a direction", () => {
  // eight windows of 90°, one every 45°: the last begins at column 84 and ends at column 12
  const windows = Array.from({ length: 8 }, (_, k) => ({ top: 0, left: 12 * k, height: 16, width: 24 }));
  const spec = { width: 96, height: 16, steps: [{ index: 0, timestep: 0, weight: 0, anchor: 0, windows }], stepOf: [0], colours: [] };
  const at = (coverage: Coverage, heading: number) => innermost(spec, { spec: { coverage } }, { heading, pitch: 0 });

  test("is the one whose middle is nearest, also across the cut", () => {
    for (const [k, { left }] of windows.entries()) {
      const middle = ((left + 12) / 96) * 360 - 180;
      for (const beside of [-20, 0, 20]) expect(at(ring, middle + beside), `window ${k}, ${beside}°`).toBe(k);
    }
  });
  test("goes around downwards where a window passes the lower edge", () => {
    const rowsOf = [0, 8, 16, 24].map((top) => ({ top, left: 0, height: 16, width: 96 }));
    const tile = { ...spec, height: 32, steps: [{ ...spec.steps[0], windows: rowsOf }] };
    const row = (y: number) => innermost(tile, { spec: { coverage: ring } }, { heading: 0, pitch: 30 - (60 * y) / 32 });
    expect([1, 7, 17, 24, 30, 31.5].map(row)).toEqual([3, 0, 1, 2, 3, 3]);
  });
  test("ends at the edge of an open panorama", () => {
    expect(at(strip, -179)).toBe(0);
    expect(at(strip, 179)).toBe(7);
  });
});

describe("the crop under a view", () => {
  const view = (heading: number): ViewState => ({
    ...{ heading, pitch: 0, roll: 0, fov: 60, projection: "flat", step: null, compare: null },
  });
  const crop = (coverage: Coverage, heading: number) =>
    cropRectangle({ spec: { coverage }, state: () => view(heading), canvas: { width: 200, height: 200 } }, 720, 120);

  test("is the picture's columns that a flat view shows", () => {
    expect(crop(ring, 0)).toEqual({ left: 300, top: 0, width: 120, height: 120 });
    expect(crop(strip, 0)).toEqual({ left: 300, top: 0, width: 120, height: 120 });
  });
  test("begins before the cut of a ring and goes on after it", () => {
    expect(crop(ring, 180)).toMatchObject({ left: 660, width: 120 });
    expect(crop(ring, -180)).toMatchObject({ left: 660, width: 120 });
    expect(crop(ring, 170)).toMatchObject({ left: 640, width: 120 });
  });
  test("ends at the edge of an open panorama", () => {
    expect(crop(strip, 170)).toMatchObject({ left: 640, width: 80 });
  });
});
