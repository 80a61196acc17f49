/** The view of a device that is held in the world: W3C Device Orientation, world east-north-up. */
import { expect, test } from "vitest";
import { heldView } from "../../viewer/src/device.js";

const close = (heading: number, pitch: number, roll: number) => ({
  heading: expect.closeTo(heading, 9),
  pitch: expect.closeTo(pitch, 9),
  roll: expect.closeTo(roll, 9),
});

test("upright it looks to the horizon, north at alpha 0 and to the left as alpha grows; tilted back it looks up", () => {
  expect(heldView(0, 90, 0, 0)).toEqual(close(0, 0, 0));
  expect(heldView(90, 90, 0, 0)).toEqual(close(-90, 0, 0));
  expect(heldView(0, 110, 0, 0)).toEqual(close(0, 20, 0));
});

test("turned on its side with its screen, the view stays level; without its screen, it rolls", () => {
  expect(heldView(0, 0, -90, 90)).toEqual(close(90, 0, 0)); // its top points to the left
  expect(heldView(0, 0, 90, 270)).toEqual(close(-90, 0, 0)); // its top points to the right
  expect(Math.abs(heldView(0, 0, -90, 0).roll)).toBeCloseTo(90, 9);
});
