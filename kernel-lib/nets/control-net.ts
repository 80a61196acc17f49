/**
 * @file ControlNet (Zhang et al., arXiv:2302.05543): a copy of the U-Net's encoder that sees a condition, and whose residuals are added to what the
 * U-Net's decoder takes. Source: diffusers 0.21.4, models/controlnet.py. Key names are the checkpoint's.
 */
import { listOf, nullish, object, oneOf, only, optional, readForm, real, whole, wholes, yesNo } from "../core/forms.js";
import type { JsonObject } from "../core/json.js";
import type { Value } from "../graph/graph.js";
import { add, mul, silu } from "../graph/ops/elementwise.js";
import { reduceMean } from "../graph/ops/reduce.js";
import { concat, slice } from "../graph/ops/shape.js";
import { expectDivisible, expectPerLevel, headCounts, headsPerLevel, layers } from "./config-checks.js";
import { convLayer } from "./layers.js";
import { type Parameters, under } from "./parameters.js";
import { type DownBlockType, type Encoded, type EncoderConfig, expectHalving, timeEmbedding, unetEncoder } from "./unet-encoder.js";

/** diffusers' ControlNetModel, as those of SD 1.x and 2.x configure it. */
export interface ControlNetConfig extends EncoderConfig {
  /** of the latent */
  readonly inChannels: number;
  /** Width of the text embedding. */
  readonly crossAttentionDim: number;
  readonly flipSinToCos: boolean;
  readonly freqShift: number;
  /** widths of the condition's embedding, from pixels to latent pixels: each but the first halves the condition */
  readonly embeddingChannels: readonly number[];
  /** of the condition; "bgr" is turned around before the embedding */
  readonly channelOrder: "rgb" | "bgr";
  /** "pooled": each residual becomes its mean over the pixels (the ControlNet "shuffle") */
  readonly residuals: "whole" | "pooled";
}

const CONTROL_NET = object({
  _class_name: oneOf(["ControlNetModel"]),
  ...only({
    act_fn: ["silu", "swish"],
    addition_embed_type: [null],
    class_embed_type: [null],
    conditioning_channels: [3],
    downsample_padding: [1],
    encoder_hid_dim: [null],
    encoder_hid_dim_type: [null],
    mid_block_scale_factor: [1],
    mid_block_type: ["UNetMidBlock2DCrossAttn"],
    num_class_embeds: [null],
    only_cross_attention: [false],
    resnet_time_scale_shift: ["default"],
    transformer_layers_per_block: [1],
  }),
  block_out_channels: optional(wholes, [320, 640, 1280, 1280]),
  in_channels: optional(whole(), 4),
  down_block_types: optional(listOf(["CrossAttnDownBlock2D", "DownBlock2D"])),
  layers_per_block: optional(layers, 2),
  num_attention_heads: nullish(headCounts),
  attention_head_dim: optional(headCounts, 8),
  cross_attention_dim: optional(whole(), 1280),
  use_linear_projection: optional(yesNo, false),
  norm_num_groups: optional(whole(), 32),
  norm_eps: optional(real({ min: 0, max: 1 }), 1e-5),
  flip_sin_to_cos: optional(yesNo, true),
  freq_shift: optional(real(), 0),
  conditioning_embedding_out_channels: optional(wholes, [16, 32, 96, 256]),
  controlnet_conditioning_channel_order: optional(oneOf(["rgb", "bgr"]), "rgb"),
  global_pool_conditions: optional(yesNo, false),
});

/** Reads a ControlNet's config.json. @throws CheckpointError naming the field. @source diffusers, models/controlnet.py (defaults) */
export function controlNetConfig(file: string, json: JsonObject): ControlNetConfig {
  const c = readForm(file, CONTROL_NET, json);
  const channels = c.block_out_channels;
  const levels = channels.length;
  const byDefault = (level: number): DownBlockType => (level < levels - 1 ? "CrossAttnDownBlock2D" : "DownBlock2D");
  const config: ControlNetConfig = {
    inChannels: c.in_channels,
    blockOutChannels: channels,
    downBlockTypes: c.down_block_types ?? channels.map((_, level) => byDefault(level)),
    layersPerBlock: c.layers_per_block,
    heads: headsPerLevel(file, c, levels),
    crossAttentionDim: c.cross_attention_dim,
    useLinearProjection: c.use_linear_projection,
    normNumGroups: c.norm_num_groups,
    normEps: c.norm_eps,
    flipSinToCos: c.flip_sin_to_cos,
    freqShift: c.freq_shift,
    embeddingChannels: c.conditioning_embedding_out_channels,
    channelOrder: c.controlnet_conditioning_channel_order,
    residuals: c.global_pool_conditions ? "pooled" : "whole",
  };
  expectPerLevel(file, "down_block_types", config.downBlockTypes, levels);
  expectDivisible(file, channels, config.normNumGroups);
  return config;
}

/** How strongly each residual counts: all alike, or the coarse ones more than the fine ones (guess mode). */
export type ResidualScales = "equal" | "guess";

/** What a ControlNet is shown. */
export interface ControlInputs {
  /** [N,inChannels,h,w] */
  readonly latent: Value;
  /** [N,C0] or [1,C0]: the timestep, by timestepEmbedding */
  readonly embedding: Value;
  /** [N,tokens,crossAttentionDim] */
  readonly text: Value;
  /** the condition, [N,3,f·h,f·w] in [0,1], RGB */
  readonly image: Value;
  /** [1] */
  readonly scale: Value;
}

/**
 * The residuals r_0 … r_{L−1} of the encoder's L outputs and r_L of the middle block, with a the scale:
 *
 *   equal   r_i · a
 *   guess   r_i · a·10^(−1 + i/L)     lllyasviel's 0.825^(12 − i) is this for L = 12 to three digits
 *
 * Pooled residuals, [N,C,1,1], are scaled alike in both.
 */
export function controlNet(config: ControlNetConfig, p: Parameters, inputs: ControlInputs, scales: ResidualScales = "equal"): Encoded {
  const { blockOutChannels: channels, residuals } = config;
  const { latent, embedding, text, image, scale } = inputs;
  expectHalving("controlNet", latent, channels.length);
  const time = timeEmbedding(p, embedding, 4 * channels[0]); // [N,4·C0]
  const condition = conditionEmbedding(config, under(p, "controlnet_cond_embedding"), image); // [N,C0,h,w]
  const h = add(convLayer(p, "conv_in", latent, channels[0], 3), condition);
  const { skips, middle } = unetEncoder(config, p, { h, time, text });
  const L = skips.length;
  const share = (i: number): Value => (scales === "equal" || residuals === "pooled" ? scale : mul(scale, 10 ** (i / L - 1)));
  const residual = (x: Value, key: string, i: number): Value => {
    const r = convLayer(p, key, x, x.shape[1], 1); // [N,C_level,h/2^level,w/2^level]
    return mul(residuals === "pooled" ? reduceMean(r, [2, 3]) : r, share(i));
  };
  return {
    skips: skips.map((skip, i) => residual(skip, `controlnet_down_blocks.${i}`, i)),
    middle: residual(middle, "controlnet_mid_block", L),
  };
}

/** The condition as features of the latent's size: [N,3,f·h,f·w] -> [N,C0,h,w]. */
export function conditionEmbedding(
  { embeddingChannels: widths, blockOutChannels: [C0], channelOrder }: ControlNetConfig,
  p: Parameters,
  image: Value,
): Value {
  const plane = (c: number) => slice(image, 1, c, c + 1);
  const ordered = channelOrder === "rgb" ? image : concat([plane(2), plane(1), plane(0)], 1);
  let h = silu(convLayer(p, "conv_in", ordered, widths[0], 3)); // [N,widths[0],f·h,f·w]
  for (let i = 0; i < widths.length - 1; i++) {
    h = silu(convLayer(p, `blocks.${2 * i}`, h, widths[i], 3));
    h = silu(convLayer(p, `blocks.${2 * i + 1}`, h, widths[i + 1], 3, { stride: 2 })); // half the size
  }
  return convLayer(p, "conv_out", h, C0, 3);
}
