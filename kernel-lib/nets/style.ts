/** @file The style distance (Gatys et al., arXiv:1508.06576): how the channels of a backbone's features go together, wherever in the image. */
import type { Value } from "../graph/graph.js";
import { add, mul, sub } from "../graph/ops/elementwise.js";
import { matmul } from "../graph/ops/matmul.js";
import { reduceMean } from "../graph/ops/reduce.js";
import { reshape, transpose } from "../graph/ops/shape.js";
import type { Parameters } from "./parameters.js";
import { features, type PerceptualConfig } from "./perceptual.js";

/** G = F·Fᵀ/(C·H·W) of a feature map F, [N,C,H,W] -> [N,C,C] */
export function gram(map: Value): Value {
  const [N, C, H, W] = map.shape;
  const f = reshape(map, [N, C, H * W]);
  return mul(matmul(f, transpose(f, [0, 2, 1])), 1 / (C * H * W));
}

/**
 * The mean squared difference of the Gram matrices, summed over the depths of the backbone: [N].
 * @param image [N,3,H,W] in [-1,1]  @param reference [1,3,H,W] in [-1,1]
 */
export function styleDistance(config: PerceptualConfig, p: Parameters, image: Value, reference: Value): Value {
  const [ours, theirs] = [image, reference].map((x) => features(config, p, x).map(gram));
  const [N] = image.shape;
  const distances = ours.map((matrix, k) => {
    const d = sub(matrix, theirs[k]); // [N,C,C]
    return reshape(reduceMean(mul(d, d), [1, 2]), [N]);
  });
  return distances.reduce((a, b) => add(a, b));
}
