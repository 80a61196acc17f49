/** @file The layers that Stable Diffusion's networks share, with the key names of diffusers. */
import type { Edge } from "../core/edge.js";
import type { Value } from "../graph/graph.js";
import type { ConvOptions } from "../graph/ops/conv.js";
import { addChannels, conv, upsampleConv } from "../graph/ops/conv.js";
import { add, silu } from "../graph/ops/elementwise.js";
import { attention, linear } from "../graph/ops/matmul.js";
import { groupNorm, layerNorm } from "../graph/ops/norm.js";
import { reshape, transpose } from "../graph/ops/shape.js";
import type { Parameters } from "./parameters.js";
import { under } from "./parameters.js";

/** x [N,C,H,W] -> [N,out,H',W']; kernel side `size`, same padding. */
export function convLayer(p: Parameters, key: string, x: Value, out: number, size: 1 | 3, options: ConvOptions = {}): Value {
  const weight = p(`${key}.weight`, [out, x.shape[1], size, size]);
  return conv(x, weight, p(`${key}.bias`, [out]), { padding: (size - 1) / 2, ...options });
}

/** x [N,C,h,w] -> [N,out,2h,2w]: scaled by 2, then a 3×3 convolution. */
export function upsampleLayer(p: Parameters, key: string, x: Value, out: number, edge: Edge = "open"): Value {
  return upsampleConv(x, p(`${key}.weight`, [out, x.shape[1], 3, 3]), p(`${key}.bias`, [out]), edge);
}

/** x […,in] -> […,out]. */
export function linearLayer(p: Parameters, key: string, x: Value, out: number, bias: "bias" | "no bias" = "bias"): Value {
  const weight = p(`${key}.weight`, [out, x.shape[x.shape.length - 1]]);
  return linear(x, weight, bias === "bias" ? p(`${key}.bias`, [out]) : undefined);
}

/** Group normalisation with a layer's weight and bias: x [N,C,H,W] -> [N,C,H,W]. */
export function groupNormLayer(p: Parameters, key: string, x: Value, groups: number, epsilon: number): Value {
  const channels = x.shape[1];
  return groupNorm(x, p(`${key}.weight`, [channels]), p(`${key}.bias`, [channels]), groups, epsilon);
}

/** Layer normalisation with a layer's weight and bias: x […,C] -> […,C]. */
export function layerNormLayer(p: Parameters, key: string, x: Value, epsilon = 1e-5): Value {
  const width = x.shape[x.shape.length - 1];
  return layerNorm(x, p(`${key}.weight`, [width]), p(`${key}.bias`, [width]), epsilon);
}

export interface ResnetOptions {
  readonly groups: number;
  readonly epsilon: number;
  readonly edge?: Edge;
  /** key of the 1×1 convolution where the width changes; default diffusers' */
  readonly shortcut?: "conv_shortcut" | "nin_shortcut";
}

/**
 * Residual block: two normalised, activated 3×3 convolutions; the time embedding [N,T], where there is one, is added between them.
 * x [N,C,H,W] -> [N,out,H,W]. Source: diffusers models/resnet.py, ResnetBlock2D.
 */
export function resnet(
  p: Parameters,
  x: Value,
  out: number,
  time: Value | null,
  { groups, epsilon, edge = "open", shortcut = "conv_shortcut" }: ResnetOptions,
): Value {
  let h = convLayer(p, "conv1", silu(groupNormLayer(p, "norm1", x, groups, epsilon)), out, 3, { edge }); // [N,out,H,W]
  if (time) h = addChannels(h, linearLayer(p, "time_emb_proj", silu(time), out));
  h = convLayer(p, "conv2", silu(groupNormLayer(p, "norm2", h, groups, epsilon)), out, 3, { edge });
  return add(x.shape[1] === out ? x : convLayer(p, shortcut, x, out, 1), h);
}

/** `resnet` with the parameters below a key. */
export const resnetAt = (p: Parameters, key: string, x: Value, out: number, time: Value | null, options: ResnetOptions): Value =>
  resnet(under(p, key), x, out, time, options);

export interface SelfAttentionOptions {
  readonly heads: number;
  readonly groups: number;
  readonly epsilon: number;
}

/**
 * Attention of every pixel to all pixels, added to its input. x [N,C,H,W] -> [N,C,H,W]. Published checkpoints have the old names of diffusers'
 * AttentionBlock, newer ones the U-Net's. Source: diffusers 0.15.1 models/attention.py, AttentionBlock.
 */
export function selfAttention(p: Parameters, x: Value, { heads, groups, epsilon }: SelfAttentionOptions): Value {
  const [N, C, H, W] = x.shape;
  const names = p.has("query.weight") ? ["query", "key", "value", "proj_attn"] : ["to_q", "to_k", "to_v", "to_out.0"];
  const tokens = transpose(reshape(groupNormLayer(p, "group_norm", x, groups, epsilon), [N, C, H * W]), [0, 2, 1]); // [N,HW,C]
  const [q, k, v] = names.slice(0, 3).map((name) => linearLayer(p, name, tokens, C));
  const attended = linearLayer(p, names[3], attention(q, k, v, heads), C);
  return add(x, reshape(transpose(attended, [0, 2, 1]), [N, C, H, W]));
}
