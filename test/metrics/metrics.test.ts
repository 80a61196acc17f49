/** A metric that is added from outside the package. */
import { measure, metrics, registerMetric } from "veduta/metrics";
import { expect, test } from "vitest";
import { type Tensor, tensor, zeros } from "#kernel-lib/core/tensor.js";

const panorama = tensor(
  Array.from({ length: 3 * 4 * 8 }, (_, k) => (k % 8 < 4 ? 0 : 1)),
  [1, 3, 4, 8],
);
/** Features: the mean. */
const model = {
  features: async ({ data }: Tensor) => [tensor([data.reduce((p, q) => p + q, 0) / data.length], [1, 1, 1, 1])],
  featureDistance: async ([a]: readonly Tensor[], [b]: readonly Tensor[]) => tensor([Math.abs(a.data[0] - b.data[0])], [1]),
};

test("a metric is measured where the model has the functions that it needs, and only there", async () => {
  expect(await measure(panorama, model)).toEqual({ "intra-lpips": 2, "window-spread": 0 });
  expect(await measure(panorama, { features: model.features })).toEqual({ "window-spread": 0 });
  expect(await measure(panorama, {})).toEqual({});
});

test("a registered metric is measured beside the others; its name is taken from then on", async () => {
  const brightness = {
    name: "brightness",
    title: "Brightness",
    source: "this test",
    better: "higher",
    needs: [],
    measure: async ({ data }: Tensor) => data.reduce((p, q) => p + q, 0) / data.length,
  } as const;
  registerMetric(brightness);
  expect(metrics().map(({ name }) => name)).toContain("brightness");
  expect(await measure(panorama, model)).toEqual({ "intra-lpips": 2, "window-spread": 0, brightness: 0.5 });
  expect(await measure(zeros([1, 3, 2, 2]), {})).toEqual({ brightness: 0 });
  expect(() => registerMetric(brightness)).toThrow("registerMetric: the name brightness is taken");
});
