/** @file A classifier over a perceptual backbone: what a picture shows, one name of each group of classes. */

import type { Program } from "../engine/program.js";
import type { Value } from "../graph/graph.js";
import { add, clip, log, mul, sub } from "../graph/ops/elementwise.js";
import { reduceMean, reduceSum, softmax } from "../graph/ops/reduce.js";
import { reshape, split } from "../graph/ops/shape.js";
import { energyGraph } from "./energy-graph.js";
import { linearLayer } from "./layers.js";
import { checkpointParameters, type Parameters, type Part } from "./parameters.js";
import { features, type PerceptualConfig } from "./perceptual.js";
import type { ImageSize } from "./perceptual-programs.js";

/**
 * Scores of each group's classes, [N,5], [N,6], …, and the last feature map [N,C,h,w], from whose mean they are read.
 * @param sizes how many classes each group has  @param image [N,3,H,W] in [-1,1]
 */
export function classifierScores(
  config: PerceptualConfig,
  p: Parameters,
  image: Value,
  sizes: readonly number[],
): { readonly scores: readonly Value[]; readonly map: Value } {
  const maps = features(config, p, image);
  const map = maps[maps.length - 1];
  const pooled = reshape(reduceMean(map, [2, 3]), map.shape.slice(0, 2)); // [N,C]
  const all = linearLayer(
    p,
    "head",
    pooled,
    sizes.reduce((a, b) => a + b, 0),
  );
  return { scores: split(all, 1, sizes), map };
}

/**
 * −Σ_k w_k·log softmax(s)_k of every row, from scores [N,K] and weights [1|N,K] whose rows sum to 1: [N].
 * log Σ eˢ is taken as Σ p·(s − log p) with p = softmax(s): no score is too small for it.
 */
export function crossEntropy(scores: Value, weights: Value): Value {
  const p = softmax(scores);
  const total = reduceSum(mul(p, sub(scores, log(add(p, 1e-30)))), [1]); // [N,1], log Σ eˢ
  return reshape(sub(total, reduceSum(mul(scores, weights), [1])), [scores.shape[0]]);
}

/** Of a call: the picture, and which group of classes. */
export interface ClassSize extends ImageSize {
  readonly group: number;
}

/**
 * image [N,3,H,W] in [-1,1], and 1 for the wanted class of the group, 0 for its others [1,K] -> energy [N], the cross-entropy, and its gradient
 * [N,3,H,W]. What lies outside [-1,1] counts as the range's end. The part's config has the classes.
 */
export const classEnergyProgram = (part: Part<PerceptualConfig>): Program<ClassSize, "image", "wanted", "energy" | "gradient"> => ({
  name: "classEnergyGradient",
  graph: ({ group, ...size }, batch) =>
    energyGraph(size, batch, (graph, image) => {
      const sizes = (part.config.classes ?? []).map((names) => names.length);
      const { scores } = classifierScores(part.config, checkpointParameters(graph, part), clip(image, -1, 1), sizes);
      return crossEntropy(scores[group], graph.input("wanted", [1, sizes[group]]));
    }),
});
