/** @file CLIPTextModel, as a graph. Source: transformers 4.19, models/clip/modeling_clip.py. */
import type { ClipTextConfig } from "../checkpoint/configs.js";
import type { Value } from "../graph/graph.js";
import { add, gelu, quickGelu } from "../graph/ops/elementwise.js";
import { attention } from "../graph/ops/matmul.js";
import { gather } from "../graph/ops/shape.js";
import { layerNormLayer, linearLayer } from "./layers.js";
import type { Parameters } from "./parameters.js";
import { under } from "./parameters.js";

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
  const { hiddenSize, layerNormEps: epsilon, numAttentionHeads } = config;
  const p = under(parameters, "text_model");
  const [, tokens] = ids.shape;
  const activation = { quick_gelu: quickGelu, gelu }[config.hiddenAct];
  const positions = p("embeddings.position_embedding.weight", [config.maxPositionEmbeddings, hiddenSize]);
  const firstPositions = gather(positions, ids.graph.constant([...Array(tokens).keys()], [tokens], "int32")); // [tokens,D]
  let h = add(gather(p("embeddings.token_embedding.weight", [config.vocabSize, hiddenSize]), ids), firstPositions); // [N,tokens,D]
  // a token sees itself and those before it
  const causal = Float32Array.from({ length: tokens * tokens }, (_, k) => (k % tokens > Math.floor(k / tokens) ? -1e30 : 0));
  const mask = ids.graph.constant(causal, [tokens, tokens]);
  const hiddenStates = [h];
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    const block = under(p, `encoder.layers.${layer}`);
    const normed = layerNormLayer(block, "layer_norm1", h, epsilon);
    const [q, k, v] = ["q_proj", "k_proj", "v_proj"].map((name) => linearLayer(block, `self_attn.${name}`, normed, hiddenSize));
    h = add(h, linearLayer(block, "self_attn.out_proj", attention(q, k, v, numAttentionHeads, mask), hiddenSize));
    const wide = activation(linearLayer(block, "mlp.fc1", layerNormLayer(block, "layer_norm2", h, epsilon), config.intermediateSize));
    h = add(h, linearLayer(block, "mlp.fc2", wide, hiddenSize));
    hiddenStates.push(h);
  }
  return { lastHiddenState: layerNormLayer(p, "final_layer_norm", h, epsilon), hiddenStates };
}
