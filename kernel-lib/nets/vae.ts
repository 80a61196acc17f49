/** @file AutoencoderKL, as graphs. Source: diffusers 0.15.1, models/autoencoder_kl.py and vae.py. Latents here are without the scaling factor. */

import type { Edge } from "../core/edge.js";
import { listOf, nullish, object, oneOf, only, optional, readForm, real, whole, wholes } from "../core/forms.js";
import type { JsonObject } from "../core/json.js";
import type { Program } from "../engine/program.js";
import { gradient } from "../graph/gradient.js";
import { Graph, type Value } from "../graph/graph.js";
import { inPrecision, type Precision } from "../graph/half.js";
import { padAround } from "../graph/ops/conv.js";
import { add, clip, exp, mul, silu } from "../graph/ops/elementwise.js";
import { pad, split } from "../graph/ops/shape.js";
import { segment } from "../graph/segment.js";
import { expectDivisible, expectPerLevel, layers } from "./config-checks.js";
import { convLayer, groupNormLayer, resnetAt, selfAttention, upsampleLayer } from "./layers.js";
import type { Parameters, Part } from "./parameters.js";
import { checkpointParameters, under } from "./parameters.js";

/** diffusers' AutoencoderKL. */
export interface VaeConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly latentChannels: number;
  /** Side of the square image it was trained on, in pixels. */
  readonly sampleSize: number;
  readonly blockOutChannels: readonly number[];
  readonly layersPerBlock: number;
  readonly normNumGroups: number;
  /** The diffusion model's latent is the VAE's times this. */
  readonly scalingFactor: number;
}

const VAE = object({
  _class_name: oneOf(["AutoencoderKL"]),
  ...only({
    act_fn: ["silu", "swish"],
    latents_mean: [null],
    latents_std: [null],
    mid_block_add_attention: [true],
    shift_factor: [null, 0],
    use_post_quant_conv: [true],
    use_quant_conv: [true],
  }),
  block_out_channels: optional(wholes, [64]),
  down_block_types: optional(listOf(["DownEncoderBlock2D"])),
  up_block_types: optional(listOf(["UpDecoderBlock2D"])),
  norm_num_groups: optional(whole(), 32),
  in_channels: optional(whole(), 3),
  out_channels: optional(whole(), 3),
  latent_channels: optional(whole(), 4),
  sample_size: nullish(whole(), 32),
  layers_per_block: optional(layers, 1),
  scaling_factor: optional(real({ min: 1e-6, max: 1e6 }), 0.18215),
});

/** Reads an autoencoder's config.json. @throws CheckpointError naming the field. @source diffusers, models/autoencoder_kl.py (defaults) */
export function vaeConfig(file: string, json: JsonObject): VaeConfig {
  const c = readForm(file, VAE, json);
  for (const key of ["down_block_types", "up_block_types"] as const)
    if (c[key]) expectPerLevel(file, key, c[key], c.block_out_channels.length);
  expectDivisible(file, c.block_out_channels, c.norm_num_groups);
  return {
    inChannels: c.in_channels,
    outChannels: c.out_channels,
    latentChannels: c.latent_channels,
    sampleSize: c.sample_size,
    blockOutChannels: c.block_out_channels,
    layersPerBlock: c.layers_per_block,
    normNumGroups: c.norm_num_groups,
    scalingFactor: c.scaling_factor,
  };
}

const EPSILON = 1e-6;

/**
 * Image [N,3,H,W] in [-1,1] -> mean and log variance (clamped to [-30,20]) of the latent, each [N,latentChannels,H/f,W/f]. Where edges meet
 * they do so in every 3×3 convolution.
 */
export function vaeEncoder(
  config: VaeConfig,
  p: Parameters,
  image: Value,
  edge: Edge = "open",
): { readonly mean: Value; readonly logVariance: Value } {
  const { blockOutChannels: channels, layersPerBlock, latentChannels } = config;
  const norm = { groups: config.normNumGroups, epsilon: EPSILON, edge };
  let h = convLayer(p, "encoder.conv_in", image, channels[0], 3, { edge });
  for (const [level, out] of channels.entries()) {
    const block = `encoder.down_blocks.${level}`;
    for (let j = 0; j < layersPerBlock; j++) h = resnetAt(p, `${block}.resnets.${j}`, h, out, null, norm);
    if (level < channels.length - 1)
      h = convLayer(p, `${block}.downsamplers.0.conv`, padFarEdges(h, edge), out, 3, { stride: 2, padding: 0 });
  }
  h = middle(config, under(p, "encoder.mid_block"), h, edge);
  h = silu(groupNormLayer(p, "encoder.conv_norm_out", h, norm.groups, EPSILON));
  h = convLayer(p, "quant_conv", convLayer(p, "encoder.conv_out", h, 2 * latentChannels, 3, { edge }), 2 * latentChannels, 1); // [N,2c,h,w]
  const [mean, logVariance] = split(h, 1, [latentChannels, latentChannels]);
  return { mean, logVariance: clip(logVariance, -30, 20) };
}

/** A row below and a column to the right: zeros, as the official code pads, or where edges meet the first row or column. */
const padFarEdges = (x: Value, edge: Edge): Value => (edge === "open" ? pad(x, [0, 0, 0, 0], [0, 0, 1, 1]) : padAround(x, 0, 1, edge));

/** Latent [N,latentChannels,h,w] -> image [N,3,f·h,f·w], about [-1,1], not clamped. Where edges meet they do so in every 3×3 convolution. */
export function vaeDecoder(config: VaeConfig, p: Parameters, latent: Value, edge: Edge): Value {
  const { blockOutChannels, layersPerBlock, latentChannels } = config;
  const channels = [...blockOutChannels].reverse();
  const norm = { groups: config.normNumGroups, epsilon: EPSILON, edge };
  const residual = (x: Value, key: string, out: number) => segment([x], ([x]) => resnetAt(p, key, x, out, null, norm));
  let h = convLayer(p, "decoder.conv_in", convLayer(p, "post_quant_conv", latent, latentChannels, 1), channels[0], 3, { edge });
  h = segment([h], ([h]) => middle(config, under(p, "decoder.mid_block"), h, edge));
  for (const [up, out] of channels.entries()) {
    const block = `decoder.up_blocks.${up}`;
    for (let j = 0; j <= layersPerBlock; j++) h = residual(h, `${block}.resnets.${j}`, out);
    if (up < channels.length - 1) h = upsampleLayer(p, `${block}.upsamplers.0.conv`, h, out, edge);
  }
  return segment([h], ([h]) =>
    convLayer(p, "decoder.conv_out", silu(groupNormLayer(p, "decoder.conv_norm_out", h, norm.groups, EPSILON)), config.outChannels, 3, {
      edge,
    }),
  );
}

/** Two residual blocks around one attention over all pixels. */
function middle({ normNumGroups }: VaeConfig, p: Parameters, x: Value, edge: Edge): Value {
  const norm = { groups: normNumGroups, epsilon: EPSILON, edge };
  const C = x.shape[1];
  const h = selfAttention(under(p, "attentions.0"), resnetAt(p, "resnets.0", x, C, null, norm), { ...norm, heads: 1 });
  return resnetAt(p, "resnets.1", h, C, null, norm);
}

/**
 * An image of latents [N,c,h,w] (VAE latent × scaling factor) with a checkpoint's weights: [N,3,f·h,f·w].
 * @param precision of the decoder's weights and activations; latent and image are in float32
 */
export const decoded = (graph: Graph, part: Part<VaeConfig>, latent: Value, edge: Edge, precision: Precision = "float32"): Value =>
  inPrecision(precision, [mul(latent, 1 / part.config.scalingFactor)], ([z]) =>
    vaeDecoder(part.config, checkpointParameters(graph, part, precision), z, edge),
  );

/** In latent pixels. */
export interface LatentSize {
  readonly height: number;
  readonly width: number;
}

/** latent [N,c,h,w] (VAE latent × scaling factor) -> image [N,3,f·h,f·w] */
export const decodeProgram = (part: Part<VaeConfig>): Program<LatentSize & { readonly edge: Edge }, "latent", never, "image"> => ({
  name: "decode",
  graph({ height, width, edge }, batch, memory) {
    const graph = new Graph(memory);
    graph.output("image", decoded(graph, part, graph.input("latent", [batch, part.config.latentChannels, height, width]), edge));
    return graph;
  },
});

/** latent [N,c,h,w] and cotangent [N,3,f·h,f·w] -> pulled [N,c,h,w]: the gradient of Σ image · cotangent with respect to the latent */
export const pullDecodeProgram = (
  part: Part<VaeConfig>,
): Program<LatentSize & { readonly edge: Edge }, "latent" | "cotangent", never, "pulled"> => ({
  name: "pullDecode",
  graph({ height, width, edge }, batch, memory) {
    const graph = new Graph(memory);
    const latent = graph.input("latent", [batch, part.config.latentChannels, height, width]);
    const image = decoded(graph, part, latent, edge); // [N,3,f·h,f·w]
    graph.output("pulled", gradient(graph, mul(image, graph.input("cotangent", image.shape)), latent));
    return graph;
  },
});

/** The image of an encoding, [N,3,f·h,f·w] in [-1,1], and what the encoder makes of it, [N,c,h,w] each. */
function encoded(graph: Graph, part: Part<VaeConfig>, { height, width, edge }: LatentSize & { readonly edge: Edge }, batch: number) {
  const scale = 2 ** (part.config.blockOutChannels.length - 1);
  const image = graph.input("image", [batch, 3, scale * height, scale * width]);
  return vaeEncoder(part.config, checkpointParameters(graph, part), image, edge);
}

/** image [N,3,f·h,f·w] in [-1,1] -> latent [N,c,h,w]: scaling factor × mean */
export const encodeProgram = (part: Part<VaeConfig>): Program<LatentSize & { readonly edge: Edge }, "image", never, "latent"> => ({
  name: "encode",
  graph(size, batch, memory) {
    const graph = new Graph(memory);
    graph.output("latent", mul(encoded(graph, part, size, batch).mean, part.config.scalingFactor));
    return graph;
  },
});

/** Also takes standard normal noise [N,c,h,w] -> latent [N,c,h,w]: scaling factor × (mean + exp(logVariance / 2) · noise) */
export const encodeSampleProgram = (
  part: Part<VaeConfig>,
): Program<LatentSize & { readonly edge: Edge }, "image" | "noise", never, "latent"> => ({
  name: "encodeSample",
  graph(size, batch, memory) {
    const graph = new Graph(memory);
    const { mean, logVariance } = encoded(graph, part, size, batch);
    const sample = add(mean, mul(exp(mul(logVariance, 0.5)), graph.input("noise", mean.shape))); // [N,c,h,w]
    graph.output("latent", mul(sample, part.config.scalingFactor));
    return graph;
  },
});
