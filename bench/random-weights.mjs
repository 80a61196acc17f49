/** @file Networks of random numbers, for measuring: time and memory depend on shapes alone. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createRng } from "#kernel-lib/core/random.js";
import { sizeOf, tensor } from "#kernel-lib/core/tensor.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { clipText } from "#kernel-lib/nets/clip-text.js";
import { inputParameters } from "#kernel-lib/nets/parameters.js";
import { perceptualDistance } from "#kernel-lib/nets/perceptual.js";
import { unet } from "#kernel-lib/nets/unet.js";
import { vaeDecoder, vaeEncoder } from "#kernel-lib/nets/vae.js";
import { writeSafetensors } from "#kernel-lib/weights/safetensors.js";
import * as configs from "#models/tiny-landscapes/train/configs.js";
import { tokenizerFiles } from "#models/tiny-landscapes/world/tokenizer-files.js";

/**
 * A number for every parameter that a network asks for, of a size that keeps activations near 1.
 * @param {(graph: Graph, p: import("#kernel-lib/nets/parameters.js").Parameters) => unknown} build the network, on whatever inputs
 * @returns {Record<string, import("#kernel-lib/core/tensor.js").Tensor>}
 */
export function randomWeights(build) {
  const rng = createRng(1);
  const graph = new Graph();
  const parameters = inputParameters(graph, "");
  build(graph, parameters);
  return Object.fromEntries([...parameters.all].map(([key, { shape }]) => [key, randomParameter(rng, key, shape)]));
}

/** @param {import("#kernel-lib/core/random.js").Rng} rng @param {string} key @param {readonly number[]} shape */
function randomParameter(rng, key, shape) {
  const spread = key.includes("embedding.weight") ? 1 : sizeOf(shape.slice(1)) ** -0.5;
  const draw = key.startsWith("lin") // LPIPS's weights are not negative
    ? () => Math.abs(rng.normal())
    : key.endsWith("bias")
      ? () => 0.1 * rng.normal()
      : shape.length === 1 // a norm's gain
        ? () => 1 + 0.1 * rng.normal()
        : () => rng.normal() * spread;
  return tensor(Float32Array.from({ length: sizeOf(shape) }, draw), shape);
}

/** Writes a checkpoint of the bundled model's architecture. @param {string} folder */
export function writeRandomCheckpoint(folder) {
  /** @param {string} path @param {string} text */
  const write = (path, text) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const vocabulary = Object.keys(JSON.parse(tokenizerFiles()["vocab.json"])).length;
  const json = {
    "model_index.json": configs.MODEL_INDEX,
    "scheduler/scheduler_config.json": configs.SCHEDULER_JSON,
    "unet/config.json": configs.UNET_JSON,
    "vae/config.json": configs.vaeJson(1),
    "text_encoder/config.json": configs.textEncoderJson(vocabulary),
    "perceptual/config.json": configs.PERCEPTUAL_JSON,
  };
  for (const [path, value] of Object.entries(json)) write(path, JSON.stringify(value));
  for (const [name, text] of Object.entries(tokenizerFiles())) write(`tokenizer/${name}`, text);

  /** @param {string} path @param {Parameters<typeof randomWeights>[0]} build */
  const weights = (path, build) => writeSafetensors(join(folder, path), randomWeights(build));
  const latent = [1, configs.UNET_JSON.in_channels, configs.UNET_JSON.sample_size, configs.UNET_JSON.sample_size];
  const image = [1, 3, configs.vaeJson(1).sample_size, configs.vaeJson(1).sample_size];
  weights("unet/diffusion_pytorch_model.safetensors", (graph, p) =>
    unet(
      configs.unetArchitecture(),
      p,
      graph.input("x", latent),
      graph.input("timestepEmbedding", [1, configs.UNET_JSON.block_out_channels[0]]),
      graph.input("text", [1, 1, configs.UNET_JSON.cross_attention_dim]),
    ),
  );
  weights("vae/diffusion_pytorch_model.safetensors", (graph, p) => {
    vaeEncoder(configs.vaeArchitecture(), p, graph.input("image", image));
    vaeDecoder(configs.vaeArchitecture(), p, graph.input("latent", latent), "open");
  });
  weights("text_encoder/model.safetensors", (graph, p) =>
    clipText(configs.textArchitecture(vocabulary), p, graph.input("ids", [1, 1], "int32")),
  );
  const perceptual = Object.entries(
    randomWeights((graph, p) => perceptualDistance(configs.perceptualArchitecture(), p, graph.input("a", image), graph.input("b", image))),
  );
  const part = (/** @type {boolean} */ linear) => Object.fromEntries(perceptual.filter(([key]) => key.startsWith("lin") === linear));
  writeSafetensors(join(folder, "perceptual/backbone.safetensors"), part(false));
  writeSafetensors(join(folder, "perceptual/linear.safetensors"), part(true));
}
