/**
 * @file The transformer over a condition's tokens (objects with boxes, labels, words) that Frido and latent diffusion train with their U-Net, as a
 * graph. Source: Frido, frido/modules/encoders/modules.py BERTEmbedder, over lucidrains' x-transformers; the key names are theirs.
 */
import { object, optional, readForm, whole, yesNo } from "../core/forms.js";
import type { JsonObject } from "../core/json.js";
import type { Value } from "../graph/graph.js";
import { changedAttention } from "../graph/ops/changed-attention.js";
import { add, div, gelu, mul } from "../graph/ops/elementwise.js";
import { attention } from "../graph/ops/matmul.js";
import { reduceSum } from "../graph/ops/reduce.js";
import { expand, gather, reshape, slice } from "../graph/ops/shape.js";
import { layers } from "./config-checks.js";
import { layerNormLayer, linearLayer } from "./layers.js";
import { type Parameters, under } from "./parameters.js";

/** A token transformer. */
export interface TokenTransformerConfig {
  readonly width: number;
  readonly layers: number;
  readonly vocabulary: number;
  readonly maxTokens: number;
  readonly heads: number;
  /** of a head, whatever the width */
  readonly headChannels: number;
  /** whether padding is hidden from attention */
  readonly mask: boolean;
}

const TOKEN_TRANSFORMER = object({
  n_embed: whole(),
  n_layer: layers,
  vocab_size: optional(whole({ max: 2 ** 24 }), 30522),
  max_seq_len: optional(whole(), 77),
  // not of the official code, which has 8 heads of 64 channels written down and no mask
  heads: optional(whole(), 8),
  head_channels: optional(whole(), 64),
  mask: optional(yesNo, false),
});

/**
 * Reads the config of a token transformer: the `params` of the official YAML as JSON. Three keys are ours: `heads` (default 8), `head_channels`
 * (default 64) and `mask` (default false).
 * @throws CheckpointError naming the field
 */
export function tokenTransformerConfig(file: string, json: JsonObject): TokenTransformerConfig {
  const c = readForm(file, TOKEN_TRANSFORMER, json);
  return {
    width: c.n_embed,
    layers: c.n_layer,
    vocabulary: c.vocab_size,
    maxTokens: c.max_seq_len,
    heads: c.heads,
    headChannels: c.head_channels,
    mask: c.mask,
  };
}

/**
 * Token numbers to the context of a U-Net's cross-attention: embeddings of token and position, blocks of attention and feed-forward that are
 * normalised before and added, a last layer norm. Every token attends to every other one; the official code attends to padding too and returns
 * it.
 * @param ids [N,T], int32, below `vocabulary`; T at most maxTokens
 * @param keep [N,T], 1 for a token and 0 for padding, at least one 1 in a row; wanted where the config has a mask, and only there
 * @returns [N,T,width]
 * @throws RangeError for too many tokens; TypeError where `keep` and the config's mask do not go together
 */
export function tokenTransformer(config: TokenTransformerConfig, parameters: Parameters, ids: Value, keep?: Value): Value {
  const { width, maxTokens } = config;
  const [, T] = ids.shape;
  if (T > maxTokens) throw new RangeError(`tokenTransformer: got ${T} tokens, want at most ${maxTokens}`);
  if (config.mask !== (keep !== undefined))
    throw new TypeError(
      `tokenTransformer: got ${keep ? "a" : "no"} mask of padding, want ${config.mask ? "one" : "none"}, as the config says`,
    );
  const p = under(parameters, "transformer");
  const positions = slice(p("pos_emb.emb.weight", [maxTokens, width]), 0, 0, T); // [T,width]
  let h = add(gather(p("token_emb.weight", [config.vocabulary, width]), ids), positions); // [N,T,width]
  const layer = (k: number) => under(p, `attn_layers.layers.${k}`);
  for (let k = 0; k < config.layers; k++) {
    h = add(h, selfAttention(config, under(layer(2 * k), "1"), layerNormLayer(layer(2 * k), "0", h), keep));
    h = add(h, feedForward(under(layer(2 * k + 1), "1"), layerNormLayer(layer(2 * k + 1), "0", h)));
  }
  return layerNormLayer(p, "norm", h);
}

/** x [N,T,width] -> [N,T,width] */
function selfAttention({ width, heads, headChannels }: TokenTransformerConfig, p: Parameters, x: Value, keep?: Value): Value {
  const [q, k, v] = ["to_q", "to_k", "to_v"].map((name) => linearLayer(p, name, x, heads * headChannels, "no bias")); // [N,T,heads·d]
  const mixed = keep ? changedAttention(q, k, v, heads, (P) => withoutPadding(P, keep, heads)) : attention(q, k, v, heads);
  return linearLayer(p, "to_out", mixed, width);
}

/** Probabilities P [N·heads,T,T] with those of padding set to 0 and the others scaled up to the sum 1: softmax over the tokens alone. */
function withoutPadding(P: Value, keep: Value, heads: number): Value {
  const [N, T] = keep.shape;
  const perHead = reshape(expand(reshape(keep, [N, 1, 1, T]), [N, heads, 1, T]), [N * heads, 1, T]);
  const kept = mul(P, perHead);
  return div(kept, reduceSum(kept, [-1]));
}

/** x [N,T,width] -> [N,T,width], four times as wide between. */
function feedForward(p: Parameters, x: Value): Value {
  const width = x.shape[2];
  return linearLayer(p, "net.2", gelu(linearLayer(p, "net.0.0", x, 4 * width)), width);
}
