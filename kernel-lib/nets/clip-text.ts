/** @file CLIPTextModel, as a graph. Source: transformers 4.19, models/clip/modeling_clip.py. */

import { form, misfit, object, oneOf, optional, readForm, real, whole } from "../core/forms.js";
import type { JsonObject } from "../core/json.js";
import type { Program } from "../engine/program.js";
import { Graph, type Value } from "../graph/graph.js";
import { add, gelu, quickGelu } from "../graph/ops/elementwise.js";
import { attention } from "../graph/ops/matmul.js";
import { gather } from "../graph/ops/shape.js";
import { layerNormLayer, linearLayer } from "./layers.js";
import type { Parameters, Part } from "./parameters.js";
import { checkpointParameters, under } from "./parameters.js";

/** transformers' CLIPTextModel. */
export interface ClipTextConfig {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  readonly maxPositionEmbeddings: number;
  readonly hiddenAct: "quick_gelu" | "gelu";
  readonly layerNormEps: number;
  readonly bosTokenId: number;
  readonly eosTokenId: number;
  readonly padTokenId: number;
}

const ID = whole({ min: 0, max: 2 ** 31 });
const CLIP_TEXT = object({
  model_type: oneOf(["clip_text_model"]),
  architectures: optional(form('["CLIPTextModel"]', (names) => Array.isArray(names) && names.includes("CLIPTextModel"))),
  vocab_size: optional(whole({ max: 2 ** 24 }), 49408),
  hidden_size: optional(whole(), 512),
  intermediate_size: optional(whole({ max: 2 ** 20 }), 2048),
  num_hidden_layers: optional(whole({ max: 256 }), 12),
  num_attention_heads: optional(whole(), 8),
  max_position_embeddings: optional(whole(), 77),
  hidden_act: optional(oneOf(["quick_gelu", "gelu"]), "quick_gelu"),
  layer_norm_eps: optional(real({ min: 0, max: 1 }), 1e-5),
  bos_token_id: optional(ID, 49406),
  eos_token_id: optional(ID, 49407),
  pad_token_id: optional(ID, 1),
});

/**
 * Reads a text encoder's config.json.
 * @throws CheckpointError naming the field
 * @source transformers, models/clip/configuration_clip.py (defaults)
 */
export function clipTextConfig(file: string, json: JsonObject): ClipTextConfig {
  const c = readForm(file, CLIP_TEXT, json);
  if (c.hidden_size % c.num_attention_heads !== 0)
    throw misfit(file, "num_attention_heads", `a number of heads that divides hidden_size ${c.hidden_size}`, c.num_attention_heads);
  return {
    vocabSize: c.vocab_size,
    hiddenSize: c.hidden_size,
    intermediateSize: c.intermediate_size,
    numHiddenLayers: c.num_hidden_layers,
    numAttentionHeads: c.num_attention_heads,
    maxPositionEmbeddings: c.max_position_embeddings,
    hiddenAct: c.hidden_act,
    layerNormEps: c.layer_norm_eps,
    bosTokenId: c.bos_token_id,
    eosTokenId: c.eos_token_id,
    padTokenId: c.pad_token_id,
  };
}

/**
 * Token numbers -> the last hidden state after the final layer norm, [N,tokens,hiddenSize]. A text encoder that stops at the penultimate layer,
 * as SD 2's, has one layer less in its config: nothing is special about it here.
 * @param ids [N,tokens], int32; tokens at most maxPositionEmbeddings
 */
export function clipText(
  config: ClipTextConfig,
  parameters: Parameters,
  ids: Value,
): { readonly lastHiddenState: Value; readonly hiddenStates: readonly Value[] } {
  const { hiddenSize, layerNormEps: epsilon } = config;
  const p = under(parameters, "text_model");
  const [, tokens] = ids.shape;
  const positions = p("embeddings.position_embedding.weight", [config.maxPositionEmbeddings, hiddenSize]);
  const firstPositions = gather(positions, ids.graph.constant([...Array(tokens).keys()], [tokens], "int32")); // [tokens,D]
  let h = add(gather(p("embeddings.token_embedding.weight", [config.vocabSize, hiddenSize]), ids), firstPositions); // [N,tokens,D]
  // a token sees itself and those before it
  const causal = Float32Array.from({ length: tokens * tokens }, (_, k) => (k % tokens > Math.floor(k / tokens) ? -1e30 : 0));
  const mask = ids.graph.constant(causal, [tokens, tokens]);
  const hiddenStates = [h];
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    h = clipLayer(under(p, `encoder.layers.${layer}`), h, config, mask);
    hiddenStates.push(h);
  }
  return { lastHiddenState: layerNormLayer(p, "final_layer_norm", h, epsilon), hiddenStates };
}

/** What a layer of either of CLIP's towers is made of. */
export type ClipLayerConfig = Pick<ClipTextConfig, "hiddenSize" | "intermediateSize" | "numAttentionHeads" | "hiddenAct" | "layerNormEps">;

/** Self-attention and a feed-forward layer, each normalised first and added to its input: h [N,tokens,D] -> [N,tokens,D]. */
export function clipLayer(p: Parameters, h: Value, config: ClipLayerConfig, mask?: Value): Value {
  const { hiddenSize, layerNormEps: epsilon } = config;
  const activation = { quick_gelu: quickGelu, gelu }[config.hiddenAct];
  const normed = layerNormLayer(p, "layer_norm1", h, epsilon);
  const [q, k, v] = ["q_proj", "k_proj", "v_proj"].map((name) => linearLayer(p, `self_attn.${name}`, normed, hiddenSize));
  const attended = add(h, linearLayer(p, "self_attn.out_proj", attention(q, k, v, config.numAttentionHeads, mask), hiddenSize));
  const wide = activation(linearLayer(p, "mlp.fc1", layerNormLayer(p, "layer_norm2", attended, epsilon), config.intermediateSize));
  return add(attended, linearLayer(p, "mlp.fc2", wide, hiddenSize));
}

/** ids [N,tokens] int32 -> text [N,tokens,D] */
export const textProgram = (part: Part<ClipTextConfig>): Program<{ readonly tokens: number }, "ids", never, "text"> => ({
  name: "encodeText",
  graph({ tokens }, batch) {
    const graph = new Graph();
    const { lastHiddenState } = clipText(part.config, checkpointParameters(graph, part), graph.input("ids", [batch, tokens], "int32"));
    graph.output("text", lastHiddenState);
    return graph;
  },
});
