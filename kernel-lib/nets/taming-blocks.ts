/** @file What autoencoders of taming-transformers are made of, with its key names. Source: taming/modules/diffusionmodules/model.py. */
import type { Value } from "../graph/graph.js";
import { add, silu } from "../graph/ops/elementwise.js";
import { attention } from "../graph/ops/matmul.js";
import { reshape, transpose } from "../graph/ops/shape.js";
import { segment } from "../graph/segment.js";
import { convLayer, groupNormLayer, resnetAt, upsampleLayer } from "./layers.js";
import { type Parameters, under } from "./parameters.js";

/** Residual blocks level by level, each level at half the side of the one before. */
export interface TamingLevels {
  /** a level's width, largest picture first */
  readonly channels: readonly number[];
  /** residual blocks a level; a decoder has one more */
  readonly blocks: number;
  /** levels whose blocks are followed by attention */
  readonly attentionLevels: readonly number[];
  /** of the group norms */
  readonly groups: number;
}

const EPSILON = 1e-6;

/** Normalised, activated, convolved: x [N,C,H,W] -> [N,out,H,W]; the last layer of an encoder or a decoder. */
export const tamingHead = (p: Parameters, norm: string, conv: string, x: Value, out: number, groups: number): Value =>
  convLayer(p, conv, silu(groupNormLayer(p, norm, x, groups, EPSILON)), out, 3);

/** Residual block without a time embedding: x [N,C,H,W] -> [N,out,H,W]. */
export const tamingResnet = (p: Parameters, key: string, x: Value, out: number, groups: number): Value =>
  segment([x], ([x]) => resnetAt(p, key, x, out, null, { groups, epsilon: EPSILON, shortcut: "nin_shortcut" }));

/** Attention of every pixel to all pixels with one head, added to its input; q, k, v by 1×1 convolutions. x [N,C,H,W] -> [N,C,H,W]. */
export function tamingAttention(p: Parameters, key: string, x: Value, groups: number): Value {
  const [N, C, H, W] = x.shape;
  const q = under(p, key);
  return segment([x], ([x]) => {
    const normed = groupNormLayer(q, "norm", x, groups, EPSILON);
    const [Q, K, V] = ["q", "k", "v"].map((name) => reshape(transpose(convLayer(q, name, normed, C, 1), [0, 2, 3, 1]), [N, H * W, C]));
    const mixed = transpose(reshape(attention(Q, K, V, 1), [N, H, W, C]), [0, 3, 1, 2]); // [N,C,H,W]
    return add(x, convLayer(q, "proj_out", mixed, C, 1));
  });
}

/** Two residual blocks around one attention: x [N,C,H,W] -> [N,C,H,W]. */
export function tamingMiddle(p: Parameters, key: string, x: Value, groups: number): Value {
  const C = x.shape[1];
  const h = tamingAttention(p, `${key}.attn_1`, tamingResnet(p, `${key}.block_1`, x, C, groups), groups);
  return tamingResnet(p, `${key}.block_2`, h, C, groups);
}

/** z [N,c,h,w] -> [N,out,2^(levels−1)·h,2^(levels−1)·w], not clamped. Keys count levels from the largest picture. */
export function tamingDecoder({ channels, blocks, attentionLevels, groups }: TamingLevels, p: Parameters, z: Value, out: number): Value {
  const deepest = channels.length - 1;
  let h = tamingMiddle(p, "mid", convLayer(p, "conv_in", z, channels[deepest], 3), groups); // [N,C_deepest,h,w]
  for (let level = deepest; level >= 0; level--) {
    for (let j = 0; j <= blocks; j++) {
      h = tamingResnet(p, `up.${level}.block.${j}`, h, channels[level], groups); // [N,C_level,2^(deepest−level)·h,…]
      if (attentionLevels.includes(level)) h = tamingAttention(p, `up.${level}.attn.${j}`, h, groups);
    }
    if (level > 0) h = upsampleLayer(p, `up.${level}.upsample.conv`, h, channels[level]);
  }
  return segment([h], ([h]) => tamingHead(p, "norm_out", "conv_out", h, out, groups));
}
