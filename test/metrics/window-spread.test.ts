/** The spread inside windows, on features that are closed formulas. */
import { expect, test } from "vitest";
import { type Tensor, tensor } from "#kernel-lib/core/tensor.js";
import { windowSpread } from "#kernel-lib/metrics/window-spread.js";

/** One map of two channels: the unit vector at the angle of the red channel. */
const model = {
  features: async ({ data, shape: [, , h, w] }: Tensor) => {
    const angles = [...data.subarray(0, h * w)];
    return [tensor(Float32Array.from([...angles.map(Math.cos), ...angles.map(Math.sin)]), [1, 2, h, w])];
  },
};
const panorama = (red: (x: number) => number): Tensor => {
  const data = Float32Array.from({ length: 3 * 4 * 8 }, (_, k) => (k < 32 ? red(k % 8) : 0)); // in [0,1]; the metric maps it to [-1,1]
  return tensor(data, [1, 3, 4, 8]);
};

test("is 0 where every pixel of a window looks the same, however windows differ", async () => {
  expect(
    await windowSpread(
      panorama(() => 0.4),
      model,
    ),
  ).toBeCloseTo(0, 6);
  expect(
    await windowSpread(
      panorama((x) => (x < 4 ? 0.1 : 0.9)),
      model,
    ),
  ).toBeCloseTo(0, 6);
});

test("of unit vectors at two angles, half of the pixels each, is sin²(half the angle between them)", async () => {
  // angles 2·0.75 − 1 = 0.5 and −0.5: means (cos 0.5, 0), so the variance is 1 − cos² 0.5
  expect(
    await windowSpread(
      panorama((x) => (x % 2 === 0 ? 0.75 : 0.25)),
      model,
    ),
  ).toBeCloseTo(Math.sin(0.5) ** 2, 5);
});

test("needs two windows", async () => {
  await expect(
    windowSpread(
      panorama(() => 0),
      model,
      5,
    ),
  ).rejects.toThrow(/^windowSpread: crop 5/);
});
