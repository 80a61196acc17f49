/**
 * @file Spatially-adaptive normalisation: a map says for each pixel how a normalised map is scaled and shifted. Source: the formula of Park et
 * al., Semantic Image Synthesis with Spatially-Adaptive Normalization, arXiv:1903.07291, equation 1, and the key names of Frido's checkpoints.
 */
import type { Value } from "../graph/graph.js";
import { add, mul, relu } from "../graph/ops/elementwise.js";
import { convLayer, groupNormLayer } from "./layers.js";
import type { Parameters } from "./parameters.js";

/** Options of `spadeNorm`. */
export interface SpadeOptions {
  readonly groups: number;
  readonly epsilon: number;
  /** channels between the map and the gates */
  readonly hidden: number;
}

/** How each pixel of a normalised map is scaled and shifted, [N,C,h,w] each. */
export interface Gates {
  /** 0 leaves the scale as it is */
  readonly gamma: Value;
  readonly beta: Value;
}

/** gamma and beta: a 3×3 convolution each of ReLU(3×3 convolution of the map). map [N,M,h,w] -> [N,channels,h,w] each. */
export function spadeGates(p: Parameters, map: Value, channels: number, hidden: number): Gates {
  const shared = relu(convLayer(p, "mlp_shared.0", map, hidden, 3)); // [N,hidden,h,w]
  return { gamma: convLayer(p, "mlp_gamma", shared, channels, 3), beta: convLayer(p, "mlp_beta", shared, channels, 3) };
}

/**
 * n(x)·(1 + gamma) + beta, n a group normalisation with gain and bias of its own; n(x) where there is no map.
 * @param x [N,C,h,w]
 * @param map [N,M,h,w] of x's height and width
 * @returns [N,C,h,w]
 */
export function spadeNorm(p: Parameters, x: Value, map: Value | undefined, { groups, epsilon, hidden }: SpadeOptions): Value {
  const normed = groupNormLayer(p, "param_free_norm", x, groups, epsilon);
  if (!map) return normed;
  const { gamma, beta } = spadeGates(p, map, x.shape[1], hidden);
  return add(mul(normed, add(gamma, 1)), beta);
}
