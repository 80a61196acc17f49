/** What the viewer's state takes and what it refuses. */
import { expect, test } from "vitest";
import { changed, type ViewState } from "#kernel-lib/panorama/view-state.js";

const start: ViewState = { heading: 0, pitch: 0, roll: 0, fov: 75, projection: "perspective", step: null, compare: null };
const after = (change: Partial<ViewState>) => changed(start, change, { steps: 0, panoramas: 1 });

test("pitch ends at the poles", () => {
  for (const pitch of [-90, -89.5, 0, 90]) expect(after({ pitch }).pitch).toBe(pitch);
  for (const pitch of [-90.1, 90.1, 180, Number.NaN])
    expect(() => after({ pitch })).toThrow(`viewer.state.pitch: got ${pitch}, want a number of degrees from -90 to 90`);
});

test("heading and roll wrap", () => {
  expect(after({ heading: 190, roll: -540 })).toMatchObject({ heading: -170, roll: -180 });
});

test("a field of view that a new projection does not have is clamped, and one that is asked for is refused", () => {
  const planet = after({ projection: "planet", fov: 230 });
  expect(changed(planet, { projection: "panini" }, { steps: 0, panoramas: 1 }).fov).toBe(120);
  expect(() => after({ fov: 230 })).toThrow("viewer.state.fov: got 230, want a number of degrees from 20 to 120");
});
