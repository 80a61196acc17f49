import { afterAll, describe, expect, test } from "vitest";
import { openCheckpoint, perceptualFromFiles } from "#kernel-lib/checkpoint/folder.js";
import { gradient } from "#kernel-lib/graph/gradient.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { mul } from "#kernel-lib/graph/ops/elementwise.js";
import { startRuntime } from "#kernel-lib/graph/runtime.js";
import { clipText } from "#kernel-lib/nets/clip-text.js";
import { checkpointParameters } from "#kernel-lib/nets/parameters.js";
import { perceptualDistance } from "#kernel-lib/nets/perceptual.js";
import { unet } from "#kernel-lib/nets/unet.js";
import { vaeDecoder, vaeEncoder } from "#kernel-lib/nets/vae.js";
import { golden as at, goldenVgg, hasGolden, relativeL2, unless, unlessGolden } from "./golden.js";
import { readGolden } from "./read.js";

const runtime = startRuntime({ device: "cpu", threads: 2 });
afterAll(() => runtime.close());

async function run(graph: Graph, feeds: Parameters<Awaited<ReturnType<typeof runtime.open>>["run"]>[0]) {
  const session = await runtime.open(graph);
  const results = await session.run(feeds);
  await session.release();
  return results;
}

const models = ["sd1-tiny", "sd2-tiny", "sd21v-tiny"].map((name) => ({ name, skipped: unless(name) }));
describe.each(models)("$name equals diffusers 0.15.1$skipped", ({ name, skipped }) => {
  const checkpoint = skipped ? undefined : openCheckpoint(at(name));
  const golden = readGolden(`units/${name}.safetensors`);

  test.skipIf(skipped).each(["a", "b", "c"])("U-Net %s: prediction and gradients to sample and text", async (unit) => {
    const part = checkpoint!.part("unet");
    const [sample, context, timestep] = ["sample", "context", "timestep"].map((key) => golden[`unet.${unit}.${key}`]);
    const graph = new Graph();
    const [x, t, text] = [graph.input("x", sample.shape), graph.input("t", [1]), graph.input("text", context.shape)];
    const out = unet(part.config, checkpointParameters(graph, part), x, t, text);
    const [dx, dtext] = gradient(graph, mul(out, out), [x, text]);
    for (const [key, value] of Object.entries({ out, dx, dtext })) graph.output(key, value);
    const results = await run(graph, { x: sample, t: { data: timestep.data, shape: [1] }, text: context });
    expect(relativeL2(results.out.data, golden[`unet.${unit}.out`].data)).toBeLessThan(2e-5);
    expect(relativeL2(results.dx.data, golden[`unet.${unit}.grad_sample`].data)).toBeLessThan(2e-5);
    expect(relativeL2(results.dtext.data, golden[`unet.${unit}.grad_context`].data)).toBeLessThan(2e-5);
  });

  test.skipIf(skipped).each(["a", "b"])("autoencoder %s: mean, log variance, decoded image, gradient to the latent", async (unit) => {
    const part = checkpoint!.part("vae");
    const [image, z] = [golden[`vae.${unit}.image`], golden[`vae.${unit}.z`]];
    const graph = new Graph();
    const [x, latent] = [graph.input("x", image.shape), graph.input("z", z.shape)];
    const p = checkpointParameters(graph, part);
    const { mean, logVariance } = vaeEncoder(part.config, p, x);
    const decoded = vaeDecoder(part.config, p, latent, "open");
    const dz = gradient(graph, mul(decoded, decoded), latent);
    for (const [key, value] of Object.entries({ mean, logVariance, decoded, dz })) graph.output(key, value);
    const results = await run(graph, { x: image, z });
    expect(relativeL2(results.mean.data, golden[`vae.${unit}.mean`].data)).toBeLessThan(2e-5);
    expect(relativeL2(results.logVariance.data, golden[`vae.${unit}.logvar`].data)).toBeLessThan(2e-5);
    expect(relativeL2(results.decoded.data, golden[`vae.${unit}.decoded`].data)).toBeLessThan(2e-5);
    expect(relativeL2(results.dz.data, golden[`vae.${unit}.grad_z`].data)).toBeLessThan(2e-5);
  });

  test.skipIf(skipped)("text encoder: every hidden state and the last one normalised", async () => {
    const part = checkpoint!.part("text_encoder");
    const ids = golden["clip.input_ids"];
    const graph = new Graph();
    const { lastHiddenState, hiddenStates } = clipText(
      part.config,
      checkpointParameters(graph, part),
      graph.input("ids", ids.shape, "int32"),
    );
    graph.output("last", lastHiddenState);
    for (const [k, state] of hiddenStates.entries()) graph.output(`state${k}`, state);
    const results = await run(graph, { ids: { data: Int32Array.from(ids.data), shape: ids.shape } });
    expect(relativeL2(results.last.data, golden["clip.last_hidden_state"].data)).toBeLessThan(2e-5);
    for (const k of hiddenStates.keys())
      expect(relativeL2(results[`state${k}`].data, golden[`clip.hidden_states.${k}`].data)).toBeLessThan(2e-5);
  });
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
