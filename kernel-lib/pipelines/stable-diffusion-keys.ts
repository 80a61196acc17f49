/** @file Which parameters the networks of Stable Diffusion ask for: the networks are asked, so no list of keys is written twice. */
import type { Shape } from "../core/tensor.js";
import { Graph } from "../graph/graph.js";
import { type ClipTextConfig, clipText } from "../nets/clip-text.js";
import { inputParameters, type Parameters } from "../nets/parameters.js";
import { type UNetConfig, unet } from "../nets/unet.js";
import { type VaeConfig, vaeDecoder, vaeEncoder } from "../nets/vae.js";

/** The keys of a network with their shapes. */
export type NetworkKeys = ReadonlyMap<string, Shape>;

/** Those of the U-Net. */
export const unetKeys = (config: UNetConfig): NetworkKeys =>
  keysOf((graph, p) => {
    const side = 2 ** (config.blockOutChannels.length - 1);
    const latent = graph.input("latent", [1, config.inChannels, side, side]);
    const embedding = graph.input("timestepEmbedding", [1, config.blockOutChannels[0]]);
    unet(config, p, latent, embedding, graph.input("text", [1, 1, config.crossAttentionDim]));
  });

/** Those of the autoencoder. */
export const vaeKeys = (config: VaeConfig): NetworkKeys =>
  keysOf((graph, p) => {
    const pixels = 2 ** (config.blockOutChannels.length - 1);
    vaeEncoder(config, p, graph.input("image", [1, config.inChannels, pixels, pixels]));
    vaeDecoder(config, p, graph.input("latent", [1, config.latentChannels, 1, 1]), "open");
  });

/** Those of the text encoder. */
export const textKeys = (config: ClipTextConfig): NetworkKeys =>
  keysOf((graph, p) => clipText(config, p, graph.input("ids", [1, 1], "int32")));

/** Builds a network's graph for the smallest input and keeps what it asks for. Where a key has an old and a new name: the old one. */
export function keysOf(build: (graph: Graph, p: Parameters) => void): NetworkKeys {
  const graph = new Graph();
  const asked = inputParameters(graph, "weight ");
  build(
    graph,
    Object.assign((key: string, shape: Shape) => asked(key, shape), { has: () => true }),
  );
  return new Map([...asked.all].map(([key, { shape }]) => [key, shape]));
}
