/** @file The transformer of latent diffusion's U-Nets over the pixels of a map. Source: diffusers 0.15.1, models/transformer_2d.py and attention.py. */
import type { Value } from "../graph/graph.js";
import { add, gelu, mul } from "../graph/ops/elementwise.js";
import { attention } from "../graph/ops/matmul.js";
import { reshape, split, transpose } from "../graph/ops/shape.js";
import { convLayer, layerNormLayer, linearLayer } from "./layers.js";
import { type Parameters, under } from "./parameters.js";

/** What an attention layer knows besides its queries, keys and values. */
export interface AttentionLayer {
  readonly heads: number;
  /** of the map whose pixels ask */
  readonly height: number;
  readonly width: number;
}

/** Mixes values by attention: q [N,pixels,C], k and v [N,pixels|tokens,C] -> [N,pixels,C]. */
export type Attend = (q: Value, k: Value, v: Value, layer: AttentionLayer) => Value;

/** How the layers of a network attend: over the map's own pixels, and to the text. */
export interface AttentionVariant {
  readonly self: Attend;
  readonly cross: Attend;
}

/** Attention as the network was trained: each row of the batch alone. */
export const plainAttention: Attend = (q, k, v, { heads }) => attention(q, k, v, heads);

/** What tells transformers of one family apart. */
export interface TransformerOptions {
  readonly heads: number;
  /** by what the map is projected on its way in and out: the weights are [C,C] or [C,C,1,1] */
  readonly projection: "linear" | "conv";
  /** normalises the input, [N,C,H,W] -> [N,C,H,W] */
  readonly norm: (x: Value) => Value;
  /** blocks, one after the other; default 1 */
  readonly depth?: number;
  /** default: `plainAttention` */
  readonly attention?: AttentionVariant;
}

const PLAIN: AttentionVariant = { self: plainAttention, cross: plainAttention };

/**
 * Blocks of self-attention over the pixels, cross-attention to the text and a gated feed-forward layer, each added to its input.
 * @param x [N,C,H,W]
 * @param text [N,tokens,D]
 * @returns [N,C,H,W]
 */
export function transformer(
  p: Parameters,
  x: Value,
  text: Value,
  { heads, projection, norm, depth = 1, attention: variant = PLAIN }: TransformerOptions,
): Value {
  const [N, C, H, W] = x.shape;
  const toTokens = (t: Value) => reshape(transpose(t, [0, 2, 3, 1]), [N, H * W, C]);
  const toPixels = (t: Value) => transpose(reshape(t, [N, H, W, C]), [0, 3, 1, 2]);
  const normed = norm(x);
  const linear = projection === "linear";
  let h = linear ? linearLayer(p, "proj_in", toTokens(normed), C) : toTokens(convLayer(p, "proj_in", normed, C, 1)); // [N,HW,C]
  for (let k = 0; k < depth; k++)
    h = transformerBlock(under(p, `transformer_blocks.${k}`), h, text, { heads, height: H, width: W }, variant);
  return add(x, linear ? toPixels(linearLayer(p, "proj_out", h, C)) : convLayer(p, "proj_out", toPixels(h), C, 1));
}

/** h [N,pixels,C], text [N,tokens,D] -> [N,pixels,C] */
function transformerBlock(p: Parameters, input: Value, text: Value, layer: AttentionLayer, variant: AttentionVariant): Value {
  const C = input.shape[2];
  const attend = (key: string, from: Value, to: Value, mix: Attend) => {
    const [q, k, v] = [`${key}.to_q`, `${key}.to_k`, `${key}.to_v`].map((name, i) =>
      linearLayer(p, name, i === 0 ? from : to, C, "no bias"),
    );
    return linearLayer(p, `${key}.to_out.0`, mix(q, k, v, layer), C);
  };
  const self = layerNormLayer(p, "norm1", input);
  let h = add(input, attend("attn1", self, self, variant.self));
  h = add(h, attend("attn2", layerNormLayer(p, "norm2", h), text, variant.cross));
  const [value, gate] = split(linearLayer(p, "ff.net.0.proj", layerNormLayer(p, "norm3", h), 8 * C), -1, [4 * C, 4 * C]); // GEGLU
  return add(h, linearLayer(p, "ff.net.2", mul(value, gelu(gate)), C));
}
