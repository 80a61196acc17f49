/**
 * @file A dual encoder as a graph: pictures and texts become unit vectors of one space, whose cosine says how well they fit. The picture's side is
 * a small VGG whose last feature map is averaged; the text's side is the state of a text encoder, which belongs to another part of the
 * checkpoint, at the token that ends the prompt; a linear layer each. Source: CLIP (arXiv:2103.00020, figure 3), with a smaller trunk.
 */
import { is, object, optional, readForm, text, whole, wholes } from "../core/forms.js";
import type { JsonObject } from "../core/json.js";
import type { Value } from "../graph/graph.js";
import { add, clip, div, exp, mul, sqrt } from "../graph/ops/elementwise.js";
import { matmul } from "../graph/ops/matmul.js";
import { reduceMean, reduceSum } from "../graph/ops/reduce.js";
import { reshape, transpose } from "../graph/ops/shape.js";
import { linearLayer } from "./layers.js";
import { type Parameters, under } from "./parameters.js";
import { features, PERCEPTUAL_EPSILON } from "./perceptual.js";

/** dual/config.json, a file of ours. */
export interface DualEncoderConfig {
  /** of the levels of the picture's trunk */
  readonly channels: readonly number[];
  /** of the text encoder's states */
  readonly hiddenSize: number;
  /** of the vectors */
  readonly projectionDim: number;
  /** sha256 over the numbers of the text encoder that it was trained with, in half precision */
  readonly textEncoder?: string;
}

const DUAL = object({
  _class_name: is("DualEncoder"),
  channels: wholes,
  hidden_size: whole(),
  projection_dim: whole(),
  text_encoder: optional(text(/^[0-9a-f]{64}$/, "a sha256 in hex")),
});

/** Reads a dual encoder's config.json. @throws CheckpointError naming the field */
export function dualEncoderConfig(file: string, json: JsonObject): DualEncoderConfig {
  const { channels, hidden_size, projection_dim, text_encoder } = readForm(file, DUAL, json);
  return { channels, hiddenSize: hidden_size, projectionDim: projection_dim, ...(text_encoder && { textEncoder: text_encoder }) };
}

/** CLIP's own bound of the learned scale (arXiv:2103.00020, section 2.5). */
const MOST_SCALE = 100;
const EPSILON = 1e-12;

/** Pictures [N,3,H,W] -> unit vectors [N,projectionDim]. What lies outside [-1,1] counts as the range's end, as in the picture that is shown. */
export function imageVectors({ channels, projectionDim }: DualEncoderConfig, p: Parameters, image: Value): Value {
  const trunk = { net: "tiny", epsilon: PERCEPTUAL_EPSILON, channels } as const;
  const map = features(trunk, under(p, "image"), clip(image, -1, 1))[channels.length - 1]; // [N,C,h,w]
  const pooled = reshape(reduceMean(map, [2, 3]), map.shape.slice(0, 2)); // [N,C]
  return unit(linearLayer(p, "image.projection", pooled, projectionDim));
}

/** States of the text encoder at the token that ends each prompt, [n,hiddenSize] -> unit vectors [n,projectionDim]. */
export const textVectors = ({ projectionDim }: DualEncoderConfig, p: Parameters, states: Value): Value =>
  unit(linearLayer(p, "text.projection", states, projectionDim));

/** Cosines of pictures and texts times the learned scale, 1/temperature: [N,E] and [n,E] -> [N,n]. */
export function dualLogits(p: Parameters, images: Value, texts: Value): Value {
  const scale = clip(exp(p("logit_scale", [1])), 0, MOST_SCALE);
  return mul(matmul(images, transpose(texts, [1, 0])), scale);
}

const unit = (x: Value): Value => div(x, sqrt(add(reduceSum(mul(x, x), [1]), EPSILON))); // [N,E]
