/**
 * @file UNet2DConditionModel of Stable Diffusion 1.x and 2.x, as a graph. Source: diffusers 0.15.1, models/unet_2d_condition.py,
 * unet_2d_blocks.py, transformer_2d.py, attention.py. Key names are the checkpoint's.
 */

import { listOf, misfit, nullish, object, oneOf, only, optional, readForm, real, uniformly, whole, wholes, yesNo } from "../core/forms.js";
import type { JsonObject } from "../core/json.js";
import type { Value } from "../graph/graph.js";
import { add, silu } from "../graph/ops/elementwise.js";
import { concat } from "../graph/ops/shape.js";
import { segment } from "../graph/segment.js";
import { expectDivisible, expectPerLevel, headCounts, headsPerLevel, layers } from "./config-checks.js";
import { convLayer, groupNormLayer, resnetAt, upsampleLayer } from "./layers.js";
import type { Parameters } from "./parameters.js";
import type { AttentionVariant } from "./transformer.js";
import {
  attendAt,
  type DownBlockType,
  type Encoded,
  type EncoderConfig,
  expectHalving,
  timeEmbedding,
  unetEncoder,
} from "./unet-encoder.js";

export type UpBlockType = "CrossAttnUpBlock2D" | "UpBlock2D";

/** diffusers' UNet2DConditionModel, as SD 1.x and 2.x configure it. One entry a level in each list. */
export interface UNetConfig extends EncoderConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Side of the square latent it was trained on. */
  readonly sampleSize: number;
  readonly upBlockTypes: readonly UpBlockType[];
  /** Width of the text embedding. */
  readonly crossAttentionDim: number;
  /** Attention scores in float32 whatever the weights are: here they always are. */
  readonly upcastAttention: boolean;
  readonly flipSinToCos: boolean;
  readonly freqShift: number;
  readonly midBlockType: "UNetMidBlock2DCrossAttn";
  readonly downsamplePadding: 1;
  readonly transformerLayersPerBlock: 1;
}

const UNET = object({
  _class_name: oneOf(["UNet2DConditionModel"]),
  ...only({
    act_fn: ["silu", "swish"],
    addition_embed_type: [null],
    attention_type: ["default"],
    center_input_sample: [null, false],
    class_embed_type: [null],
    class_embeddings_concat: [null, false],
    conv_in_kernel: [3],
    conv_out_kernel: [3],
    cross_attention_norm: [null, false],
    downsample_padding: [1],
    dual_cross_attention: [null, false],
    encoder_hid_dim: [null],
    encoder_hid_dim_type: [null],
    mid_block_only_cross_attention: [null, false],
    mid_block_scale_factor: [1],
    mid_block_type: ["UNetMidBlock2DCrossAttn"],
    num_class_embeds: [null],
    only_cross_attention: [null, false],
    resnet_out_scale_factor: [1],
    resnet_skip_time_act: [null, false],
    resnet_time_scale_shift: ["default"],
    reverse_transformer_layers_per_block: [null],
    time_cond_proj_dim: [null],
    time_embedding_act_fn: [null],
    time_embedding_dim: [null],
    time_embedding_type: ["positional"],
    timestep_post_act: [null],
    transformer_layers_per_block: [1],
  }),
  block_out_channels: optional(wholes, [320, 640, 1280, 1280]),
  in_channels: optional(whole(), 4),
  out_channels: optional(whole(), 4),
  sample_size: nullish(whole(), 64),
  down_block_types: optional(listOf(["CrossAttnDownBlock2D", "DownBlock2D"])),
  up_block_types: optional(listOf(["CrossAttnUpBlock2D", "UpBlock2D"])),
  layers_per_block: optional(uniformly(layers), 2),
  num_attention_heads: nullish(headCounts),
  attention_head_dim: optional(headCounts, 8),
  cross_attention_dim: optional(uniformly(whole()), 1280),
  // diffusers' from_single_file writes null for what a checkpoint's YAML lacks, and takes it for false
  use_linear_projection: nullish(yesNo, false),
  upcast_attention: nullish(yesNo, false),
  norm_num_groups: optional(whole(), 32),
  norm_eps: optional(real({ min: 0, max: 1 }), 1e-5),
  flip_sin_to_cos: optional(yesNo, true),
  freq_shift: optional(real(), 0),
});

/** Reads a U-Net's config.json. @throws CheckpointError naming the field. @source diffusers, models/unet_2d_condition.py (defaults) */
export function unetConfig(file: string, json: JsonObject): UNetConfig {
  const c = readForm(file, UNET, json);
  const channels = c.block_out_channels;
  const levels = channels.length;
  const config: UNetConfig = {
    inChannels: c.in_channels,
    outChannels: c.out_channels,
    sampleSize: c.sample_size,
    blockOutChannels: channels,
    downBlockTypes: c.down_block_types ?? downDefault(levels),
    upBlockTypes: c.up_block_types ?? upDefault(levels),
    layersPerBlock: c.layers_per_block,
    heads: headsPerLevel(file, c, levels),
    crossAttentionDim: c.cross_attention_dim,
    useLinearProjection: c.use_linear_projection,
    upcastAttention: c.upcast_attention,
    normNumGroups: c.norm_num_groups,
    normEps: c.norm_eps,
    flipSinToCos: c.flip_sin_to_cos,
    freqShift: c.freq_shift,
    midBlockType: "UNetMidBlock2DCrossAttn",
    downsamplePadding: 1,
    transformerLayersPerBlock: 1,
  };
  for (const key of ["layers_per_block", "cross_attention_dim", "transformer_layers_per_block", "only_cross_attention"]) {
    const list = json[key];
    if (Array.isArray(list)) expectPerLevel(file, key, list, levels);
  }
  expectPerLevel(file, "down_block_types", config.downBlockTypes, levels);
  expectPerLevel(file, "up_block_types", config.upBlockTypes, levels);
  expectDivisible(file, channels, config.normNumGroups);
  // The timestep embedding begins with pairs of a sine and a cosine, block_out_channels[0] wide.
  if (channels[0] % 2 !== 0) throw misfit(file, "block_out_channels", "an even first entry", channels);
  for (const [level, width] of channels.entries()) {
    const types = [config.downBlockTypes[level], config.upBlockTypes[levels - 1 - level]];
    const attends = level === levels - 1 || types.some((type) => type.startsWith("Cross"));
    if (attends && width % config.heads[level] !== 0)
      throw misfit(file, "attention_head_dim", `a number of heads that divides ${width}`, config.heads[level]);
  }
  return config;
}

const downDefault = (n: number): DownBlockType[] =>
  Array.from({ length: n }, (_, k) => (k < n - 1 ? "CrossAttnDownBlock2D" : "DownBlock2D"));
const upDefault = (n: number): UpBlockType[] => Array.from({ length: n }, (_, k) => (k > 0 ? "CrossAttnUpBlock2D" : "UpBlock2D"));

/** What changes from one call of the same network to another. */
export interface UNetVariant {
  /** how its layers attend; default: as it was trained */
  readonly attention?: AttentionVariant;
  /** what ControlNets add to what the decoder takes; default: nothing */
  readonly residuals?: Encoded;
}

/**
 * The network's prediction (noise, v or x0, as it was trained).
 * @param latent [N,inChannels,h,w]; h and w multiples of 2^(levels−1)
 * @param embedding [N,C0] or [1,C0]: the timestep, by timestepEmbedding
 * @param text [N,tokens,crossAttentionDim]
 * @returns [N,outChannels,h,w]
 */
export function unet(
  config: UNetConfig,
  p: Parameters,
  latent: Value,
  embedding: Value,
  text: Value,
  { attention, residuals }: UNetVariant = {},
): Value {
  const { blockOutChannels: channels, layersPerBlock, normNumGroups: groups, normEps: epsilon } = config;
  const levels = channels.length;
  const norm = { groups, epsilon };
  expectHalving("unet", latent, levels);
  const time = timeEmbedding(p, embedding, 4 * channels[0]); // [N,4·C0]
  const encoded = unetEncoder(config, p, { h: convLayer(p, "conv_in", latent, channels[0], 3), time, text }, attention);
  const skips = residuals ? encoded.skips.map((skip, i) => add(skip, residuals.skips[i])) : [...encoded.skips];
  let h = residuals ? add(encoded.middle, residuals.middle) : encoded.middle;

  for (const [up, type] of config.upBlockTypes.entries()) {
    const level = levels - 1 - up;
    const block = `up_blocks.${up}`;
    for (let j = 0; j <= layersPerBlock; j++) {
      const skip = skips.pop() as Value;
      h = segment([h, skip, time], ([h, skip, time]) =>
        resnetAt(p, `${block}.resnets.${j}`, concat([h, skip], 1), channels[level], time, norm),
      );
      if (type === "CrossAttnUpBlock2D") h = attendAt(config, p, `${block}.attentions.${j}`, { h, text, level, attention });
    }
    if (level > 0) h = upsampleLayer(p, `${block}.upsamplers.0.conv`, h, channels[level]);
  }
  return convLayer(p, "conv_out", silu(groupNormLayer(p, "conv_norm_out", h, groups, epsilon)), config.outChannels, 3);
}
