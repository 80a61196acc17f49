/** @file Random networks of the recipe: their activations keep their size from the first layer to the last. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { startRuntime } from "#kernel-lib/engine/runtime.js";
import type { Feeds } from "#kernel-lib/engine/session.js";
import { Graph, type Value } from "#kernel-lib/graph/graph.js";
import { noiseProgram } from "#kernel-lib/nets/guided-denoiser.js";
import { checkpointParameters } from "#kernel-lib/nets/parameters.js";
import { features } from "#kernel-lib/nets/perceptual.js";
import { timestepEmbedding } from "#kernel-lib/nets/timestep-embedding.js";
import { decodeProgram, encodeProgram } from "#kernel-lib/nets/vae.js";
import type { Model } from "#kernel-lib/pipelines/model.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import type { ArchitectureName } from "#kernel-lib/pipelines/random-weights/architectures.js";
import { writeRandomWeights } from "#kernel-lib/pipelines/random-weights/write-random-weights.js";
import { openCheckpoint } from "#kernel-lib/pipelines/stable-diffusion-parts.js";
import { shrunk } from "./shrunk.js";

const root = mkdtempSync(join(tmpdir(), "veduta-recipe-"));
const runtime = startRuntime({ device: "cpu", threads: 2 });
afterAll(async () => {
  await runtime.close();
  rmSync(root, { recursive: true, force: true });
});

const noise = (seed: number): Tensor => randn(createRng(seed), [1, 4, 8, 8]);
const mean = (x: Float32Array): number => x.reduce((sum, v) => sum + v, 0) / x.length;
const deviation = ({ data }: Tensor): number => {
  const m = mean(data);
  return Math.sqrt(mean(data.map((v) => (v - m) ** 2)));
};
/** How far two results are apart, in deviations of the first. */
const apart = (a: Tensor, b: Tensor): number => Math.sqrt(mean(a.data.map((v, k) => (v - b.data[k]) ** 2))) / deviation(a);

// sd21 has sd2-base's networks; both precisions hold the same numbers.
describe.each(["sd15", "sd2-base"] as const satisfies readonly ArchitectureName[])("%s, an eighth as wide", (name) => {
  const dir = join(root, name);
  let model: Model;
  let text: Tensor; // [2,77,D]
  beforeAll(async () => {
    await writeRandomWeights(shrunk(name), dir, { precision: "fp16", seed: 3 });
    model = await openModel(dir, { device: "cpu", threads: 2 });
    text = await model.encodeText(["", "mountains at dawn"]);
  });
  afterAll(() => model.close());
  const eps = (latent: Tensor, timestep: number, embeddings: Tensor, guidanceScale = 1) =>
    model.predictNoise(latent, { timestep, text: embeddings, guidanceScale });

  test("text embeddings have deviation 1, and those of two prompts differ", () => {
    const [D, half] = [text.shape[2], text.data.length / 2];
    expect(deviation(text)).toBeGreaterThan(0.9);
    expect(deviation(text)).toBeLessThan(1.1);
    const [a, b] = [0, half].map((from) => ({ data: text.data.slice(from + D, from + 2 * D), shape: [D] })); // the second token's
    expect(apart(a, b)).toBeGreaterThan(0.5);
  });

  test("predicted noise has a deviation near 1 from the first timestep to the last", async () => {
    for (const timestep of [1, 501, 981]) {
      const predicted = await eps(noise(1), timestep, text);
      expect(deviation(predicted), `timestep ${timestep}`).toBeGreaterThan(0.6);
      expect(deviation(predicted), `timestep ${timestep}`).toBeLessThan(1.6);
    }
  });

  test("predicted noise answers to the latent, the timestep and the text", async () => {
    const at = await eps(noise(1), 501, text);
    expect(apart(at, await eps(noise(2), 501, text))).toBeGreaterThan(0.5);
    expect(apart(at, await eps(noise(1), 1, text))).toBeGreaterThan(0.02);
    expect(apart(at, await eps(noise(1), 501, text, 0))).toBeGreaterThan(0.02); // the negative prompt alone
  });

  test("a decoded image lies about [-1,1], and encoded again it has a latent's deviation", async () => {
    const image = await model.decode(noise(1));
    expect(deviation(image)).toBeGreaterThan(0.3);
    expect(deviation(image)).toBeLessThan(0.8);
    expect(image.data.filter((v) => Math.abs(v) <= 1).length / image.data.length).toBeGreaterThan(0.8);
    const latent = await model.encode(image);
    expect(deviation(latent)).toBeGreaterThan(0.5);
    expect(deviation(latent)).toBeLessThan(2);
  });

  test("the distance of two images is about LPIPS's of two photographs, and its gradient neither vanishes nor explodes", async () => {
    const [a, b] = [await model.decode(noise(1)), await model.decode(noise(2))];
    const [distance] = (await model.perceptualDistance(a, b)).data;
    expect(distance).toBeGreaterThan(0.05);
    expect(distance).toBeLessThan(2);
    const { loss, gradient } = await model.perceptualGradient(noise(1), { timestep: 501, text, anchor: b });
    expect(loss.data[0]).toBeGreaterThan(0.01);
    const norm = Math.hypot(...gradient.data);
    expect(norm).toBeGreaterThan(1e-4);
    expect(norm).toBeLessThan(10);
  });

  test("no activation comes near the end of half precision's range", async () => {
    const checkpoint = openCheckpoint(dir);
    const [unet, vae, perceptual] = [checkpoint.part("unet"), checkpoint.part("vae"), checkpoint.part("perceptual")];
    const { prediction } = checkpoint.part("scheduler");
    const size = { height: 8, width: 8 };
    const one = (x: number) => ({ data: Float32Array.of(x), shape: [1] });
    const image = await model.decode(noise(1)); // [1,3,64,64]
    const maps = new Graph();
    features(perceptual.config, checkpointParameters(maps, perceptual), maps.input("image", image.shape));
    const runs: [string, Graph, Feeds][] = [
      [
        "U-Net",
        noiseProgram({ unet, prediction }).graph({ ...size, tokens: 77, texts: 2 }, 1),
        {
          latent: noise(1),
          timestepEmbedding: timestepEmbedding(unet.config, [981]),
          text,
          guidance: one(7.5),
          alpha: one(0.07),
          sigma: one(0.997),
        },
      ],
      ["decoder", decodeProgram(vae).graph({ ...size, edge: "open" }, 1), { latent: noise(1) }],
      ["encoder", encodeProgram(vae).graph({ ...size, edge: "open" }, 1), { image }],
      ["perceptual network", maps, { image }],
    ];
    for (const [what, graph, feeds] of runs) expect(await largest(graph, feeds), what).toBeLessThan(1000); // of 65504
  });
});

/** The largest magnitude of a graph's products and convolutions. */
async function largest(graph: Graph, feeds: Feeds): Promise<number> {
  const names = graph.nodes.flatMap(({ type, outputs }) => (["MatMul", "Conv"].includes(type) ? outputs : []));
  for (const name of names) graph.output(`all ${name}`, graph.values.get(name) as Value);
  const session = await runtime.open(graph);
  const results = await session.run(feeds);
  await session.release();
  let most = 0;
  for (const { data } of Object.values(results)) for (const x of data) if (!(Math.abs(x) <= most)) most = Math.abs(x); // NaN stays
  return most;
}
