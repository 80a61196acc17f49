/** Networks for metrics by name, with the bundled judge and with random weights. */
import { describe, expect, test } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { rows } from "#kernel-lib/core/tensor.js";
import { METRIC_NETWORKS, openMetricNetwork } from "#kernel-lib/pipelines/metric-networks.js";

const pictures = { ...randn(createRng(1), [2, 3, 64, 64]), data: randn(createRng(1), [2, 3, 64, 64]).data.map((x) => Math.tanh(x)) };
const CPU = { device: "cpu", threads: 2 } as const;

test("the bundled judge gives one row of features per picture, whatever stands beside it", async () => {
  const network = await openMetricNetwork("judge", CPU);
  const [both] = (await network.features?.(pictures)) ?? [];
  const [first] = (await network.features?.(rows(pictures, 0, 1))) ?? [];
  expect(both.shape).toEqual([2, 64]);
  for (const [k, x] of first.data.entries()) expect(Math.abs(x - both.data[k])).toBeLessThan(1e-5);
  await network.close();
});

describe("with random weights at full size", () => {
  test("VGG19 gives a Gram matrix per layer, and says that its weights are random", async () => {
    const network = await openMetricNetwork("vgg19", { ...CPU, weights: "random" });
    expect(network.title).toBe("VGG19, random weights");
    const grams = (await network.grams?.(pictures)) ?? [];
    expect(grams.map(({ shape }) => shape[1])).toEqual([64, 64, 128, 128, 256]);
    await network.close();
  });

  test("FID's Inception gives 2048 features, finite and not all equal", async () => {
    const network = await openMetricNetwork("inception", { ...CPU, weights: "random" });
    const [{ data, shape }] = (await network.features?.(pictures)) ?? [];
    expect(shape).toEqual([2, 2048]);
    expect(data.every(Number.isFinite)).toBe(true);
    expect(new Set(data).size).toBeGreaterThan(1000);
    await network.close();
  });
});

test("what has not been pulled is refused with the command that pulls it, and a wrong name with those that are right", async () => {
  await expect(openMetricNetwork("inception", CPU)).rejects.toThrow(/veduta models pull fid-inception/);
  await expect(openMetricNetwork("none" as never, CPU)).rejects.toThrow(new RegExp(METRIC_NETWORKS.join(", ")));
  await expect(openMetricNetwork("judge", { ...CPU, weights: "random" })).rejects.toThrow(/random weights of judge: want one of inception/);
  await expect(openMetricNetwork("vgg19", { ...CPU, weights: "/nowhere" })).rejects.toThrow(/nowhere: expected the weights of VGG19/);
});
