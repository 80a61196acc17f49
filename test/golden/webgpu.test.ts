/** The networks on WebGPU: golden units, and LPIPS against the CPU, which is held to golden numbers itself (units.test.ts). */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { gradient } from "#kernel-lib/graph/gradient.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { onnxBytes } from "#kernel-lib/graph/onnx.js";
import { checkpointParameters } from "#kernel-lib/nets/parameters.js";
import { perceptualDistance } from "#kernel-lib/nets/perceptual.js";
import { perceptualFromFiles } from "#kernel-lib/pipelines/perceptual-part.js";
import { swiftShader, swiftShaderEnv, unlessSwiftShader } from "../engine/swiftshader.js";
import { runOnCpu } from "../graph/laws.js";
import { perceptualFiles, relativeL2, unless } from "./golden.mjs";
import type { Held } from "./held.mjs";
import { textUnit, type Unit, unetUnit, vaeUnit } from "./units.mjs";

const skipped = unlessSwiftShader || unless("sd1-tiny");

describe.skipIf(skipped)(`on WebGPU${skipped}`, () => {
  const { run, end } = swiftShader();
  afterAll(end);

  async function expectUnit({ graph, feeds, want }: Unit): Promise<void> {
    const results = await run(onnxBytes(graph), feeds);
    for (const [name, wanted] of Object.entries(want)) expect(relativeL2(results[name].data, wanted), name).toBeLessThan(2e-5);
  }

  // a software renderer takes a minute for the U-Net: only with VEDUTA_ALL=1 (npm run test:all)
  test.skipIf(!process.env.VEDUTA_ALL)("U-Net: prediction and gradients equal diffusers 0.15.1", { timeout: 600_000 }, () =>
    expectUnit(unetUnit("sd1-tiny", "b")),
  );

  test.each([
    ["autoencoder: mean, log variance, decoded image, gradient to the latent", () => vaeUnit("sd1-tiny", "a")],
    ["text encoder: every hidden state", () => textUnit("sd1-tiny")],
  ])("%s equal diffusers 0.15.1", { timeout: 600_000 }, (_, unit) => expectUnit(unit()));

  test.skipIf(!process.env.VEDUTA_ALL)(
    "what stays on the device is what would have been sent: text and foreseen image, to the gradient",
    {
      timeout: 600_000,
    },
    async () => {
      const child = fork(fileURLToPath(new URL("held.mjs", import.meta.url)), {
        env: swiftShaderEnv,
        execArgv: [],
        serialization: "advanced",
      });
      const [{ sent, heldText, heldBoth, afterRelease }] = (await once(child, "message")) as [Held];
      expect(heldText).toEqual(sent); // bit for bit
      expect(relativeL2(heldBoth.gradient.data, sent.gradient.data)).toBeLessThan(2e-5);
      expect(relativeL2(heldBoth.loss.data, sent.loss.data)).toBeLessThan(1e-6);
      expect(afterRelease).toMatch("input anchor: its tensor on the device was released");
    },
  );

  test("LPIPS over SqueezeNet: distance and both gradients equal the CPU's", { timeout: 600_000 }, async () => {
    const part = perceptualFromFiles(perceptualFiles("squeeze, random linear weights"));
    const graph = new Graph();
    const images = ["a", "b"].map((name) => graph.input(name, [1, 3, 35, 38]));
    const distance = perceptualDistance(part.config, checkpointParameters(graph, part), images[0], images[1]);
    graph.output("distance", distance);
    for (const [k, d] of gradient(graph, distance, images).entries()) graph.output(`d${k}`, d);
    const rng = createRng(5);
    const feeds = Object.fromEntries(images.map(({ name, shape }) => [name, randn(rng, shape)]));
    const [got, want] = [await run(onnxBytes(graph), feeds), await runOnCpu(onnxBytes(graph), feeds)];
    for (const [name, { data }] of Object.entries(want)) expect(relativeL2(got[name].data, data), name).toBeLessThan(2e-5);
  });
});
