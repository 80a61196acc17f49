/**
 * @file The encoder and the middle block of Stable Diffusion's U-Net, which its ControlNets have too. Source: diffusers 0.15.1,
 * models/unet_2d_condition.py, unet_2d_blocks.py; 0.21.4, models/controlnet.py. Key names are the checkpoint's.
 */
import type { Value } from "../graph/graph.js";
import { silu } from "../graph/ops/elementwise.js";
import { segment } from "../graph/segment.js";
import { convLayer, groupNormLayer, linearLayer, resnetAt } from "./layers.js";
import type { Parameters } from "./parameters.js";
import { under } from "./parameters.js";
import { type AttentionVariant, transformer } from "./transformer.js";

export type DownBlockType = "CrossAttnDownBlock2D" | "DownBlock2D";

/** What an encoder follows from. One entry a level in each list. */
export interface EncoderConfig {
  readonly blockOutChannels: readonly number[];
  readonly downBlockTypes: readonly DownBlockType[];
  readonly layersPerBlock: number;
  /** Number of attention heads a level (diffusers names it attention_head_dim). */
  readonly heads: readonly number[];
  readonly useLinearProjection: boolean;
  readonly normNumGroups: number;
  readonly normEps: number;
}

/** Refuses a latent that the levels cannot halve. @throws RangeError */
export function expectHalving(who: string, { shape }: Value, levels: number): void {
  const side = 2 ** (levels - 1);
  if (shape[2] % side || shape[3] % side)
    throw new RangeError(
      `${who}: got a latent window of ${shape[2]}×${shape[3]}, want multiples of ${side}, since ${levels} levels halve it`,
    );
}

/** What an encoder leaves for the decoder. */
export interface Encoded {
  /** after the first convolution, each block and each downsampling: [N,C_level,h/2^level,w/2^level] */
  readonly skips: readonly Value[];
  /** after the middle block */
  readonly middle: Value;
}

/**
 * The encoder and the middle block.
 * @param inputs h [N,C0,h,w], after the first convolution; time [N,4·C0]; text [N,tokens,crossAttentionDim]
 */
export function unetEncoder(
  config: EncoderConfig,
  p: Parameters,
  { h, time, text }: { readonly h: Value; readonly time: Value; readonly text: Value },
  attention?: AttentionVariant,
): Encoded {
  const { blockOutChannels: channels, layersPerBlock, normNumGroups: groups, normEps: epsilon } = config;
  const levels = channels.length;
  const attend = (h: Value, key: string, level: number) => attendAt(config, p, key, { h, text, level, attention });
  const residual = (x: Value, key: string, out: number) =>
    segment([x, time], ([x, time]) => resnetAt(p, key, x, out, time, { groups, epsilon }));
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
  return { skips, middle: residual(h, "mid_block.resnets.1", deepest) };
}

/** A layer of attention at a level, x [N,C,H,W] -> [N,C,H,W], recomputed for the gradient. */
export const attendAt = (
  config: EncoderConfig,
  p: Parameters,
  key: string,
  { h, text, level, attention }: { readonly h: Value; readonly text: Value; readonly level: number; readonly attention?: AttentionVariant },
): Value => segment([h], ([h]) => unetTransformer(config, under(p, key), h, text, config.heads[level], attention));

/** [N,C0] -> [N,width], through two linear layers. */
export const timeEmbedding = (p: Parameters, embedding: Value, width: number): Value =>
  linearLayer(p, "time_embedding.linear_2", silu(linearLayer(p, "time_embedding.linear_1", embedding, width)), width);

/** The transformer of a level with `heads` heads: x [N,C,H,W] -> [N,C,H,W]. */
export const unetTransformer = (
  { normNumGroups, useLinearProjection }: Pick<EncoderConfig, "normNumGroups" | "useLinearProjection">,
  p: Parameters,
  x: Value,
  text: Value,
  heads: number,
  attention?: AttentionVariant,
): Value =>
  transformer(p, x, text, {
    heads,
    projection: useLinearProjection ? "linear" : "conv",
    norm: (x) => groupNormLayer(p, "norm", x, normNumGroups, 1e-6),
    attention,
  });
