import { expect, test } from "vitest";
import { tensor } from "#kernel-lib/core/tensor.js";
import { unitImage } from "#kernel-lib/core/unit-image.js";

test("unitImage maps [-1,1] onto [0,1] and clamps what a decoder overshoots", () => {
  const image = tensor([-1, 0, 1, -1.5, 3, 0.5], [1, 3, 1, 2]);
  expect(unitImage(image)).toEqual(tensor([0, 0.5, 1, 0, 1, 0.75], [1, 3, 1, 2]));
});
