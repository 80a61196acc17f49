/**
 * @file UNet2DConditionModel of Stable Diffusion 1.x and 2.x, as a graph. Source: diffusers 0.15.1, models/unet_2d_condition.py,
 * unet_2d_blocks.py, transformer_2d.py, attention.py. Key names are the checkpoint's.
 */
import type { UNetConfig } from "../checkpoint/configs.js";
import type { Value } from "../graph/graph.js";
import { add, gelu, mul, silu } from "../graph/ops/elementwise.js";
import { attention } from "../graph/ops/matmul.js";
import { concat, reshape, split, transpose } from "../graph/ops/shape.js";
import { segment } from "../graph/segment.js";
import { convLayer, groupNormLayer, layerNormLayer, linearLayer, resnetAt, upsampleLayer } from "./layers.js";
import type { Parameters } from "./parameters.js";
import { under } from "./parameters.js";

/**
 * The network's prediction (noise, v or x0, as it was trained).
 * @param latent [N,inChannels,h,w]; h and w multiples of 2^(levels−1)
 * @param waves [N,C0] or [1,C0]: the timestep, by timestepWaves
 * @param text [N,tokens,crossAttentionDim]
 * @returns [N,outChannels,h,w]
 */
export function unet(config: UNetConfig, p: Parameters, latent: Value, waves: Value, text: Value): Value {
  const { blockOutChannels: channels, layersPerBlock, normNumGroups: groups, normEps: epsilon } = config;
  const levels = channels.length;
  const side = 2 ** (levels - 1);
  if (latent.shape[2] % side || latent.shape[3] % side)
    throw new RangeError(
      `unet: got a latent window of ${latent.shape[2]}×${latent.shape[3]}, want multiples of ${side}, since ${levels} levels halve it`,
    );
  const norm = { groups, epsilon };
  const time = timeEmbedding(p, waves, 4 * channels[0]); // [N,4·C0]

  const attend = (x: Value, key: string, level: number) =>
    segment([x], ([x]) => transformer(config, under(p, key), x, text, config.heads[level]));
  const residual = (x: Value, key: string, out: number) => segment([x, time], ([x, time]) => resnetAt(p, key, x, out, time, norm));
  let h = convLayer(p, "conv_in", latent, channels[0], 3); // [N,C0,h,w]
  const skips = [h];
  for (const [level, out] of channels.entries()) {
    const block = `down_blocks.${level}`;
    for (let j = 0; j < layersPerBlock; j++) {
      h = residual(h, `${block}.resnets.${j}`, out); // [N,C_level,h/2^level,w/2^level]
      if (config.downBlockTypes[level] === "CrossAttnDownBlock2D") h = attend(h, `${block}.attentions.${j}`, level);
      skips.push(h);
    }
    if (level < levels - 1) {
      h = convLayer(p, `${block}.downsamplers.0.conv`, h, out, 3, { stride: 2 });
      skips.push(h);
    }
  }

  const deepest = channels[levels - 1];
  h = residual(h, "mid_block.resnets.0", deepest);
  h = attend(h, "mid_block.attentions.0", levels - 1);
  h = residual(h, "mid_block.resnets.1", deepest);

  for (const [up, type] of config.upBlockTypes.entries()) {
    const level = levels - 1 - up;
    const block = `up_blocks.${up}`;
    for (let j = 0; j <= layersPerBlock; j++) {
      const skip = skips.pop() as Value;
      h = segment([h, skip, time], ([h, skip, time]) =>
        resnetAt(p, `${block}.resnets.${j}`, concat([h, skip], 1), channels[level], time, norm),
      );
      if (type === "CrossAttnUpBlock2D") h = attend(h, `${block}.attentions.${j}`, level);
    }
    if (level > 0) h = upsampleLayer(p, `${block}.upsamplers.0.conv`, h, channels[level]);
  }
  return convLayer(p, "conv_out", silu(groupNormLayer(p, "conv_norm_out", h, groups, epsilon)), config.outChannels, 3);
}

/** [N,C0] -> [N,width], through two linear layers. */
const timeEmbedding = (p: Parameters, waves: Value, width: number): Value =>
  linearLayer(p, "time_embedding.linear_2", silu(linearLayer(p, "time_embedding.linear_1", waves, width)), width);

/** Self-attention over the pixels, cross-attention to the text, a gated feed-forward layer, each residual. x [N,C,H,W]. */
export function transformer(
  { normNumGroups, useLinearProjection }: UNetConfig,
  p: Parameters,
  x: Value,
  text: Value,
  heads: number,
): Value {
  const [N, C, H, W] = x.shape;
  const toTokens = (t: Value) => reshape(transpose(t, [0, 2, 3, 1]), [N, H * W, C]);
  const toPixels = (t: Value) => transpose(reshape(t, [N, H, W, C]), [0, 3, 1, 2]);
  const normed = groupNormLayer(p, "norm", x, normNumGroups, 1e-6);
  let h = useLinearProjection ? linearLayer(p, "proj_in", toTokens(normed), C) : toTokens(convLayer(p, "proj_in", normed, C, 1)); // [N,HW,C]

  const block = under(p, "transformer_blocks.0");
  const attend = (key: string, from: Value, to: Value) => {
    const [q, k, v] = [`${key}.to_q`, `${key}.to_k`, `${key}.to_v`].map((name, i) =>
      linearLayer(block, name, i === 0 ? from : to, C, "no bias"),
    );
    return linearLayer(block, `${key}.to_out.0`, attention(q, k, v, heads), C);
  };
  const self = layerNormLayer(block, "norm1", h);
  h = add(h, attend("attn1", self, self));
  h = add(h, attend("attn2", layerNormLayer(block, "norm2", h), text));
  const [value, gate] = split(linearLayer(block, "ff.net.0.proj", layerNormLayer(block, "norm3", h), 8 * C), -1, [4 * C, 4 * C]); // GEGLU
  h = add(h, linearLayer(block, "ff.net.2", mul(value, gelu(gate)), C));

  return add(x, useLinearProjection ? toPixels(linearLayer(p, "proj_out", h, C)) : convLayer(p, "proj_out", toPixels(h), C, 1));
}
