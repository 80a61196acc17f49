/**
 * @file CLIP: pictures and texts as unit vectors of one space. Source: transformers 4.45, models/clip/modeling_clip.py (CLIPModel);
 * arXiv:2103.00020.
 */
import { form, misfit, object, oneOf, optional, readForm, real, whole } from "../core/forms.js";
import type { JsonObject } from "../core/json.js";
import type { Program } from "../engine/program.js";
import { Graph, type Value } from "../graph/graph.js";
import { conv } from "../graph/ops/conv.js";
import { add, clip, div, mul, sqrt, sub } from "../graph/ops/elementwise.js";
import { reduceSum } from "../graph/ops/reduce.js";
import { concat, expand, reshape, slices, transpose } from "../graph/ops/shape.js";
import { type ClipLayerConfig, type ClipTextConfig, clipLayer, clipText, clipTextConfig } from "./clip-text.js";
import { layerNormLayer, linearLayer } from "./layers.js";
import { checkpointParameters, type Parameters, type Part, under } from "./parameters.js";

/** The tower that sees pictures. */
export interface ClipVisionConfig extends ClipLayerConfig {
  readonly numHiddenLayers: number;
  /** side of the picture, in pixels */
  readonly imageSize: number;
  /** side of a patch, which divides imageSize */
  readonly patchSize: number;
}

/** transformers' CLIPModel. */
export interface ClipConfig {
  readonly text: ClipTextConfig;
  readonly vision: ClipVisionConfig;
  /** width of the vectors */
  readonly projectionDim: number;
}

const VISION = object({
  model_type: optional(oneOf(["clip_vision_model"])),
  hidden_size: optional(whole(), 768),
  intermediate_size: optional(whole({ max: 2 ** 20 }), 3072),
  num_hidden_layers: optional(whole({ max: 256 }), 12),
  num_attention_heads: optional(whole(), 12),
  image_size: optional(whole({ max: 4096 }), 224),
  patch_size: optional(whole({ max: 4096 }), 32),
  num_channels: optional(form("3 channels", (value) => value === 3)),
  hidden_act: optional(oneOf(["quick_gelu", "gelu"]), "quick_gelu"),
  layer_norm_eps: optional(real({ min: 0, max: 1 }), 1e-5),
});

const CLIP = object({
  model_type: oneOf(["clip"]),
  projection_dim: optional(whole(), 512),
  text_config: optional(
    form("an object", (value) => typeof value === "object" && value !== null),
    {},
  ),
  vision_config: optional(
    form("an object", (value) => typeof value === "object" && value !== null),
    {},
  ),
});

/**
 * Reads the config.json of a CLIPModel.
 * @throws CheckpointError naming the field
 * @source transformers, models/clip/configuration_clip.py (defaults)
 */
export function clipConfig(file: string, json: JsonObject): ClipConfig {
  const { projection_dim, text_config, vision_config } = readForm(file, CLIP, json);
  const c = readForm(file, VISION, vision_config);
  if (c.hidden_size % c.num_attention_heads !== 0)
    throw misfit(file, "vision_config.num_attention_heads", `a number that divides hidden_size ${c.hidden_size}`, c.num_attention_heads);
  if (c.image_size % c.patch_size !== 0)
    throw misfit(file, "vision_config.patch_size", `a number that divides image_size ${c.image_size}`, c.patch_size);
  return {
    text: clipTextConfig(file, { model_type: "clip_text_model", ...(text_config as JsonObject), architectures: undefined }),
    vision: {
      hiddenSize: c.hidden_size,
      intermediateSize: c.intermediate_size,
      numHiddenLayers: c.num_hidden_layers,
      numAttentionHeads: c.num_attention_heads,
      imageSize: c.image_size,
      patchSize: c.patch_size,
      hiddenAct: c.hidden_act,
      layerNormEps: c.layer_norm_eps,
    },
    projectionDim: projection_dim,
  };
}

/** OpenAI's statistics, for pictures in [0,1] (preprocessor_config.json of every published CLIP). */
const MEAN = [0.48145466, 0.4578275, 0.40821073];
const DEVIATION = [0.26862954, 0.26130258, 0.27577711];

/** Pictures [N,3,S,S] in [-1,1] -> as the tower wants them. What lies outside counts as the range's end. */
export function clipNormalised(image: Value): Value {
  const { graph } = image;
  const constant = (values: readonly number[]) => graph.constant(values, [1, 3, 1, 1]);
  const unit = mul(add(clip(image, -1, 1), 1), 0.5);
  return div(sub(unit, constant(MEAN)), constant(DEVIATION));
}

/**
 * The vision tower: patches, a class token before them, and layers that attend to all.
 * @param pixels [N,3,S,S], normalised
 * @returns the class token's state after its norm [N,D], and all states before it [N,1+patches,D]
 */
export function clipVision(
  config: ClipVisionConfig,
  parameters: Parameters,
  pixels: Value,
): { readonly pooled: Value; readonly lastHiddenState: Value; readonly hiddenStates: readonly Value[] } {
  const { hiddenSize: D, patchSize, layerNormEps } = config;
  const p = under(parameters, "vision_model");
  const patches = conv(pixels, p("embeddings.patch_embedding.weight", [D, 3, patchSize, patchSize]), undefined, { stride: patchSize });
  const [N, , rows, columns] = patches.shape;
  const tokens = transpose(reshape(patches, [N, D, rows * columns]), [0, 2, 1]); // [N,patches,D]
  const first = expand(reshape(p("embeddings.class_embedding", [D]), [1, 1, D]), [N, 1, D]);
  const positions = p("embeddings.position_embedding.weight", [1 + rows * columns, D]);
  let h = layerNormLayer(p, "pre_layrnorm", add(concat([first, tokens], 1), positions), layerNormEps); // the key is misspelt in every checkpoint
  const hiddenStates = [h];
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    h = clipLayer(under(p, `encoder.layers.${layer}`), h, config);
    hiddenStates.push(h);
  }
  const token = reshape(slices(h, [1], [0], [1], [1]), [N, D]);
  return { pooled: layerNormLayer(p, "post_layernorm", token, layerNormEps), lastHiddenState: h, hiddenStates };
}

/** Vectors [N,E] at unit length. */
const unitRows = (x: Value): Value => div(x, sqrt(reduceSum(mul(x, x), [1])));

/** Normalised pictures [N,3,S,S] -> projected vectors [N,E], and the same at unit length. */
export function clipImageVectors({ vision, projectionDim }: ClipConfig, p: Parameters, pixels: Value): { features: Value; unit: Value } {
  const features = linearLayer(p, "visual_projection", clipVision(vision, p, pixels).pooled, projectionDim, "no bias");
  return { features, unit: unitRows(features) };
}

/**
 * Prompts -> projected vectors [n,E], and the same at unit length.
 * @param ids [n,tokens] int32  @param end [n,tokens], 1 at the token that ends each prompt (the highest number: published configs name another), else 0
 */
export function clipTextVectors(
  { text, projectionDim }: ClipConfig,
  p: Parameters,
  ids: Value,
  end: Value,
): { features: Value; unit: Value } {
  const { lastHiddenState } = clipText(text, p, ids); // [n,tokens,D]
  const [n, tokens] = ids.shape;
  const pooled = reshape(reduceSum(mul(lastHiddenState, reshape(end, [n, tokens, 1])), [1]), [n, text.hiddenSize]);
  const features = linearLayer(p, "text_projection", pooled, projectionDim, "no bias");
  return { features, unit: unitRows(features) };
}

/** image [N,3,S,S] in [-1,1] -> unit vectors [N,E] */
export const clipImageProgram = (part: Part<ClipConfig>): Program<object, "image", never, "vector"> => ({
  name: "CLIP's pictures",
  graph(_, batch) {
    const graph = new Graph();
    const { imageSize } = part.config.vision;
    const image = graph.input("image", [batch, 3, imageSize, imageSize]);
    graph.output("vector", clipImageVectors(part.config, checkpointParameters(graph, part), clipNormalised(image)).unit);
    return graph;
  },
});

/** ids [n,tokens] int32 and end [n,tokens] -> unit vectors [n,E] */
export const clipTextVectorsProgram = (part: Part<ClipConfig>): Program<{ readonly tokens: number }, "ids" | "end", never, "vector"> => ({
  name: "CLIP's prompts",
  graph({ tokens }, batch) {
    const graph = new Graph();
    const [ids, end] = [graph.input("ids", [batch, tokens], "int32"), graph.input("end", [batch, tokens])];
    graph.output("vector", clipTextVectors(part.config, checkpointParameters(graph, part), ids, end).unit);
    return graph;
  },
});
