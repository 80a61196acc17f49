import { afterAll, describe, expect, test } from "vitest";
import { startRuntime } from "#kernel-lib/engine/runtime.js";
import { gradient } from "#kernel-lib/graph/gradient.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { checkpointParameters } from "#kernel-lib/nets/parameters.js";
import { perceptualDistance } from "#kernel-lib/nets/perceptual.js";
import { perceptualFromFiles } from "#kernel-lib/pipelines/perceptual-part.js";
import { golden as at, goldenVgg, hasGolden, readGolden, relativeL2, unless, unlessGolden } from "./golden.mjs";
import { textUnit, type Unit, unetUnit, vaeUnit } from "./units.mjs";

const runtime = startRuntime({ device: "cpu", threads: 2 });
afterAll(() => runtime.close());

async function run(graph: Graph, feeds: Parameters<Awaited<ReturnType<typeof runtime.open>>["run"]>[0]) {
  const session = await runtime.open(graph);
  const results = await session.run(feeds);
  await session.release();
  return results;
}

async function expectUnit({ graph, feeds, want }: Unit) {
  const results = await run(graph, feeds);
  for (const [name, wanted] of Object.entries(want)) expect(relativeL2(results[name].data, wanted), name).toBeLessThan(2e-5);
}

const models = ["sd1-tiny", "sd2-tiny", "sd21v-tiny"].map((name) => ({ name, skipped: unless(name) }));
describe.each(models)("$name equals diffusers 0.15.1$skipped", ({ name, skipped }) => {
  test.skipIf(skipped).each(["a", "b", "c"])("U-Net %s: prediction and gradients to sample and text", (unit) =>
    expectUnit(unetUnit(name, unit)),
  );
  test.skipIf(skipped).each(["a", "b"])("autoencoder %s: mean, log variance, decoded image, gradient to the latent", (unit) =>
    expectUnit(vaeUnit(name, unit)),
  );
  test.skipIf(skipped)("text encoder: every hidden state and the last one normalised", () => expectUnit(textUnit(name)));
});

const lpipsFiles = (net: "vgg" | "alex" | "squeeze") => ({
  net,
  backbone: net === "vgg" ? goldenVgg() : at(`lpips/${{ alex: "alexnet", squeeze: "squeezenet1_1" }[net]}.features.safetensors`),
  linear: at(`lpips/lpips_lin_${net}.safetensors`),
});

describe.skipIf(!hasGolden).each(["vgg", "alex", "squeeze"] as const)(`LPIPS over %s equals the official code${unlessGolden}`, (net) => {
  const golden = readGolden(`lpips/golden_${net}.safetensors`);
  const distance = async (a: (typeof golden)[string], b: (typeof golden)[string]) => {
    const part = perceptualFromFiles(lpipsFiles(net));
    const graph = new Graph();
    const [in0, in1] = [graph.input("in0", a.shape), graph.input("in1", b.shape)];
    const loss = perceptualDistance(part.config, checkpointParameters(graph, part), in0, in1);
    const [d0, d1] = gradient(graph, loss, [in0, in1]);
    for (const [key, value] of Object.entries({ loss, d0, d1 })) graph.output(key, value);
    return run(graph, { in0: a, in1: b });
  };

  test.each(["s64", "s128"])("%s: distance and both gradients", async (size) => {
    const { loss, d0, d1 } = await distance(golden[`${size}.in0`], golden[`${size}.in1`]);
    expect(relativeL2(loss.data, golden[`${size}.dist`].data)).toBeLessThan(2e-5);
    const errors = [relativeL2(d0.data, golden[`${size}.grad0`].data), relativeL2(d1.data, golden[`${size}.grad1`].data)];
    for (const error of errors) expect(error).toBeLessThan(1e-2);
    const flipped = errors.filter((error) => error > 2e-5);
    if (flipped.length)
      console.log(`LPIPS ${net} ${size}: a ReLU or pool flipped, relative L2 ${flipped.map((e) => e.toExponential(1)).join(", ")}`);
  });

  test("identical images: distance and gradient are exactly 0", async () => {
    const image = { data: golden["s64.in0"].data.slice(0, 3 * 64 * 64), shape: [1, 3, 64, 64] };
    const { loss, d0 } = await distance(image, image);
    expect(loss.data[0]).toBe(0);
    expect(d0.data.every((g) => g === 0)).toBe(true);
  });

  test("a constant image: no NaN, and the gradient's sum a channel is the official one", async () => {
    const black = { data: new Float32Array(3 * 64 * 64).fill(-1), shape: [1, 3, 64, 64] };
    const { loss, d0 } = await distance(black, { data: golden["s64.in0"].data.slice(0, 3 * 64 * 64), shape: [1, 3, 64, 64] });
    expect(relativeL2(loss.data, golden["black.dist"].data)).toBeLessThan(2e-5);
    const sums = (data: Float32Array) =>
      Float32Array.from([0, 1, 2], (c) => data.subarray(c * 4096, (c + 1) * 4096).reduce((a, b) => a + b, 0));
    expect(relativeL2(sums(d0.data), sums(golden["black.grad"].data))).toBeLessThan(2e-5);
  });
});
