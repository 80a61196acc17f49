/** @file Which tensors a checkpoint's files must hold: the networks are asked, so no list of keys is written twice. */

import type { Shape } from "../../core/tensor.js";
import { Graph } from "../../graph/graph.js";
import { clipText, clipTextConfig } from "../../nets/clip-text.js";
import { inputParameters, type Parameters } from "../../nets/parameters.js";
import { perceptualConfig, perceptualDistance } from "../../nets/perceptual.js";
import { unet, unetConfig } from "../../nets/unet.js";
import { vaeConfig, vaeDecoder, vaeEncoder } from "../../nets/vae.js";
import type { TensorEntry } from "../../weights/safetensors.js";
import type { Architecture } from "./architectures.js";

/** The weight files of a folder, by path, with their tensors in the order of the files. */
export type WeightFiles = ReadonlyMap<string, readonly TensorEntry[]>;

/**
 * Builds each network's graph for the smallest input and keeps what it asks for.
 * @throws CheckpointError where a config does not fit
 */
export function weightFiles(architecture: Architecture, dtype: "F32" | "F16"): WeightFiles {
  const [unetPart, vaePart] = [unetConfig("unet/config.json", architecture.unet), vaeConfig("vae/config.json", architecture.vae)];
  const textPart = clipTextConfig("text_encoder/config.json", architecture.textEncoder);
  const perceptualPart = perceptualConfig("perceptual/config.json", architecture.perceptual);
  const { latentChannels, blockOutChannels: vaeLevels } = vaePart;
  const side = 2 ** (unetPart.blockOutChannels.length - 1);
  const pixels = 2 ** (vaeLevels.length - 1);

  const unetKeys = keysOf((graph, p) => {
    const latent = graph.input("latent", [1, unetPart.inChannels, side, side]);
    const embedding = graph.input("timestepEmbedding", [1, unetPart.blockOutChannels[0]]);
    unet(unetPart, p, latent, embedding, graph.input("text", [1, 1, unetPart.crossAttentionDim]));
  });
  const vaeKeys = keysOf((graph, p) => {
    vaeEncoder(vaePart, p, graph.input("image", [1, vaePart.inChannels, pixels, pixels]));
    vaeDecoder(vaePart, p, graph.input("latent", [1, latentChannels, 1, 1]), "open");
  });
  const textKeys = keysOf((graph, p) => clipText(textPart, p, graph.input("ids", [1, 1], "int32")));
  const perceptualKeys = keysOf((graph, p) => {
    const image = graph.input("image", [1, 3, 64, 64]);
    perceptualDistance(perceptualPart, p, image, image);
  });

  const entries = (keys: ReadonlyMap<string, Shape>, fits: (key: string) => boolean = () => true): TensorEntry[] =>
    [...keys]
      .filter(([name]) => fits(name))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, shape]) => ({ name, dtype, shape }));
  // a number for each position, which older transformers saved with the weights
  const positions: TensorEntry = { name: POSITION_IDS, dtype: "I64", shape: [1, textPart.maxPositionEmbeddings] };
  return new Map([
    ["unet/diffusion_pytorch_model.safetensors", entries(unetKeys)],
    ["vae/diffusion_pytorch_model.safetensors", entries(vaeKeys)],
    ["text_encoder/model.safetensors", [positions, ...entries(textKeys)]],
    ["perceptual/backbone.safetensors", entries(perceptualKeys, (key) => key.startsWith("features."))],
    ["perceptual/linear.safetensors", entries(perceptualKeys, (key) => key.startsWith("lin"))],
  ]);
}

/** A key of some text encoders that holds no weights. */
export const POSITION_IDS = "text_model.embeddings.position_ids";

function keysOf(build: (graph: Graph, p: Parameters) => void): ReadonlyMap<string, Shape> {
  const graph = new Graph();
  const asked = inputParameters(graph, "weight ");
  // where a key has an old and a new name, the old one: published files have it
  build(
    graph,
    Object.assign((key: string, shape: Shape) => asked(key, shape), { has: () => true }),
  );
  return new Map([...asked.all].map(([key, { shape }]) => [key, shape]));
}
