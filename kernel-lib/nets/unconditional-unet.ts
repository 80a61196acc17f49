/**
 * @file UNet2DModel, the U-Net of diffusers without text, as a graph: DDPM's networks and unconditional latent diffusion's. Source: diffusers
 * 0.15.1, models/unet_2d.py and unet_2d_blocks.py; its key names, and the older ones of attention.
 */
import { listOf, misfit, nullish, object, oneOf, only, optional, readForm, real, whole, wholes, yesNo } from "../core/forms.js";
import type { JsonObject } from "../core/json.js";
import type { Value } from "../graph/graph.js";
import { silu } from "../graph/ops/elementwise.js";
import { concat, pad } from "../graph/ops/shape.js";
import { segment } from "../graph/segment.js";
import { expectDivisible, expectPerLevel, layers } from "./config-checks.js";
import { convLayer, groupNormLayer, resnetAt, selfAttention, upsampleLayer } from "./layers.js";
import type { Parameters } from "./parameters.js";
import { under } from "./parameters.js";
import { timeEmbedding } from "./unet-encoder.js";

const DOWN_BLOCKS = ["DownBlock2D", "AttnDownBlock2D"] as const;
const UP_BLOCKS = ["UpBlock2D", "AttnUpBlock2D"] as const;

/** diffusers' UNet2DModel. One entry per level in each list. */
export interface UnconditionalUNetConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Side of the square latent, or image, that it was trained on. */
  readonly sampleSize: number;
  readonly blockOutChannels: readonly number[];
  readonly downBlockTypes: readonly (typeof DOWN_BLOCKS)[number][];
  /** From the smallest level to the largest. */
  readonly upBlockTypes: readonly (typeof UP_BLOCKS)[number][];
  readonly layersPerBlock: number;
  /** Channels of one attention head; null: each attention has one head. */
  readonly headDim: number | null;
  /** Whether the middle block attends. */
  readonly addAttention: boolean;
  /** 1: on all sides; 0: a row and a column of zeros at the far edges, as DDPM's networks have it. */
  readonly downsamplePadding: 0 | 1;
  readonly normNumGroups: number;
  readonly normEps: number;
  readonly flipSinToCos: boolean;
  readonly freqShift: number;
}

const UNET = object({
  _class_name: oneOf(["UNet2DModel"]),
  ...only({
    act_fn: ["silu", "swish"],
    attn_norm_num_groups: [null],
    center_input_sample: [false],
    class_embed_type: [null],
    downsample_type: ["conv"],
    mid_block_scale_factor: [1],
    mid_block_type: ["UNetMidBlock2D"],
    num_class_embeds: [null],
    resnet_time_scale_shift: ["default"],
    time_embedding_dim: [null],
    time_embedding_type: ["positional"],
    upsample_type: ["conv"],
  }),
  in_channels: optional(whole(), 3),
  out_channels: optional(whole(), 3),
  sample_size: whole(),
  block_out_channels: optional(wholes, [224, 448, 672, 896]),
  down_block_types: optional(listOf(DOWN_BLOCKS)),
  up_block_types: optional(listOf(UP_BLOCKS)),
  layers_per_block: optional(layers, 2),
  attention_head_dim: nullish(whole()),
  add_attention: optional(yesNo, true),
  downsample_padding: optional(whole({ min: 0, max: 1 }), 1),
  norm_num_groups: optional(whole(), 32),
  norm_eps: optional(real({ min: 0, max: 1 }), 1e-5),
  flip_sin_to_cos: optional(yesNo, true),
  freq_shift: optional(real(), 0),
});

/** Reads a UNet2DModel's config.json. @throws CheckpointError naming the field. @source diffusers, models/unet_2d.py (defaults) */
export function unconditionalUNetConfig(file: string, json: JsonObject): UnconditionalUNetConfig {
  const c = readForm(file, UNET, json);
  const channels = c.block_out_channels;
  const levels = channels.length;
  const config: UnconditionalUNetConfig = {
    inChannels: c.in_channels,
    outChannels: c.out_channels,
    sampleSize: c.sample_size,
    blockOutChannels: channels,
    downBlockTypes: c.down_block_types ?? channels.map((_, k) => (k === 0 ? "DownBlock2D" : "AttnDownBlock2D")),
    upBlockTypes: c.up_block_types ?? channels.map((_, k) => (k === levels - 1 ? "UpBlock2D" : "AttnUpBlock2D")),
    layersPerBlock: c.layers_per_block,
    // an absent key means 8 in diffusers, null one head
    headDim: json.attention_head_dim === undefined ? 8 : (c.attention_head_dim ?? null),
    addAttention: c.add_attention,
    downsamplePadding: c.downsample_padding === 0 ? 0 : 1,
    normNumGroups: c.norm_num_groups,
    normEps: c.norm_eps,
    flipSinToCos: c.flip_sin_to_cos,
    freqShift: c.freq_shift,
  };
  expectPerLevel(file, "down_block_types", config.downBlockTypes, levels);
  expectPerLevel(file, "up_block_types", config.upBlockTypes, levels);
  expectDivisible(file, channels, config.normNumGroups);
  // The timestep embedding begins with pairs of a sine and a cosine, block_out_channels[0] wide.
  if (channels[0] % 2 !== 0) throw misfit(file, "block_out_channels", "an even first entry", channels);
  for (const [level, width] of channels.entries()) {
    const types = [config.downBlockTypes[level], config.upBlockTypes[levels - 1 - level]];
    const attends = (level === levels - 1 && config.addAttention) || types.some((type) => type.startsWith("Attn"));
    if (attends && width % (config.headDim ?? width) !== 0)
      throw misfit(file, "attention_head_dim", `a number that divides ${width}, or null`, config.headDim);
  }
  return config;
}

/**
 * The network's prediction (noise, v or x0, as it was trained).
 * @param latent [N,inChannels,h,w]; h and w multiples of 2^(levels−1)
 * @param embedding [N,C0] or [1,C0]: the timestep, by timestepEmbedding
 * @returns [N,outChannels,h,w]
 * @throws RangeError where the levels do not halve the latent
 */
export function unconditionalUNet(config: UnconditionalUNetConfig, p: Parameters, latent: Value, embedding: Value): Value {
  const { blockOutChannels: channels, layersPerBlock, normNumGroups: groups, normEps: epsilon } = config;
  const levels = channels.length;
  const side = 2 ** (levels - 1);
  if (latent.shape[2] % side || latent.shape[3] % side)
    throw new RangeError(
      `unconditionalUNet: got a latent of ${latent.shape[2]}×${latent.shape[3]}, want multiples of ${side}, since ${levels} levels halve it`,
    );
  const norm = { groups, epsilon };
  const time = timeEmbedding(p, embedding, 4 * channels[0]); // [N,4·C0]
  const residual = (x: Value, key: string, out: number) => segment([x, time], ([x, time]) => resnetAt(p, key, x, out, time, norm));
  const attend = (x: Value, key: string) =>
    segment([x], ([x]) => selfAttention(under(p, key), x, { ...norm, heads: x.shape[1] / (config.headDim ?? x.shape[1]) }));

  let h = convLayer(p, "conv_in", latent, channels[0], 3); // [N,C0,h,w]
  const skips = [h];
  for (const [level, out] of channels.entries()) {
    const block = `down_blocks.${level}`;
    for (let j = 0; j < layersPerBlock; j++) {
      h = residual(h, `${block}.resnets.${j}`, out); // [N,C_level,h/2^level,w/2^level]
      if (config.downBlockTypes[level] === "AttnDownBlock2D") h = attend(h, `${block}.attentions.${j}`);
      skips.push(h);
    }
    if (level < levels - 1) {
      h = downsample(config, p, `${block}.downsamplers.0.conv`, h);
      skips.push(h);
    }
  }

  h = residual(h, "mid_block.resnets.0", channels[levels - 1]);
  if (config.addAttention) h = attend(h, "mid_block.attentions.0");
  h = residual(h, "mid_block.resnets.1", channels[levels - 1]);

  for (const [up, type] of config.upBlockTypes.entries()) {
    const level = levels - 1 - up;
    const block = `up_blocks.${up}`;
    for (let j = 0; j <= layersPerBlock; j++) {
      const skip = skips.pop() as Value;
      h = segment([h, skip, time], ([h, skip, time]) =>
        resnetAt(p, `${block}.resnets.${j}`, concat([h, skip], 1), channels[level], time, norm),
      );
      if (type === "AttnUpBlock2D") h = attend(h, `${block}.attentions.${j}`);
    }
    if (level > 0) h = upsampleLayer(p, `${block}.upsamplers.0.conv`, h, channels[level]);
  }
  return convLayer(p, "conv_out", silu(groupNormLayer(p, "conv_norm_out", h, groups, epsilon)), config.outChannels, 3);
}

/** x [N,C,H,W] -> [N,C,H/2,W/2] */
function downsample({ downsamplePadding }: UnconditionalUNetConfig, p: Parameters, key: string, x: Value): Value {
  const padded = downsamplePadding === 1 ? x : pad(x, [0, 0, 0, 0], [0, 0, 1, 1]);
  return convLayer(p, key, padded, x.shape[1], 3, { stride: 2, padding: downsamplePadding });
}
