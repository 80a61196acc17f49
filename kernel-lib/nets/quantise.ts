/** @file Vector quantisation: the nearest entry of a codebook. Source: van den Oord et al., arXiv:1711.00937; taming-transformers, VectorQuantizer2. */
import type { Value } from "../graph/graph.js";
import { argMin, stopGradient } from "../graph/ops/arg.js";
import { add, mul, sub } from "../graph/ops/elementwise.js";
import { matmul } from "../graph/ops/matmul.js";
import { reduceMean, reduceSum } from "../graph/ops/reduce.js";
import { gather, reshape, transpose } from "../graph/ops/shape.js";

/** A map and the codebook's entries nearest to its pixels. */
export interface Quantised {
  /** [N,h·w] int64: each pixel's row of the codebook, row by row */
  readonly codes: Value;
  /** [N,C,h,w]: those rows; the gradient goes to the codebook, none to the map */
  readonly vectors: Value;
  /** [N,C,h,w]: the same numbers; the gradient goes to the map as if nothing had been quantised, none to the codebook */
  readonly straight: Value;
}

/**
 * For each pixel h: k = argmin_j ‖h − e_j‖², vectors = e_k, straight = h + constant(e_k − h).
 * The distance is compared without ‖h‖², which is the same for every j: the official code adds it and loses digits, so a code can differ where
 * two entries are equally near within float32.
 * @param codebook [n,C]
 * @param map [N,C,h,w]
 */
export function quantise(codebook: Value, map: Value): Quantised {
  const [N, C, H, W] = map.shape;
  const [n] = codebook.shape;
  const pixels = reshape(transpose(map, [0, 2, 3, 1]), [N * H * W, C]);
  const lengths = reshape(reduceSum(mul(codebook, codebook), [1]), [1, n]); // ‖e_j‖²
  const distances = sub(lengths, mul(matmul(pixels, transpose(codebook, [1, 0])), 2)); // [N·h·w,n]
  const nearest = argMin(distances, 1); // [N·h·w]
  const vectors = transpose(reshape(gather(codebook, nearest), [N, H, W, C]), [0, 3, 1, 2]); // [N,C,h,w]
  return { codes: reshape(nearest, [N, H * W]), vectors, straight: add(map, stopGradient(sub(vectors, map))) };
}

/** How the two terms of the codebook loss are weighted; the loss's value is (1 + beta)·mean(‖e_k − h‖²) either way. */
export interface CodebookLoss {
  /** the smaller weight */
  readonly beta: number;
  /** the term that has it: "commitment", which moves the map (the paper), or "codebook", which moves the entries (the official code's default) */
  readonly betaOn: "commitment" | "codebook";
}

/**
 * commitment: mean((constant(e) − h)²), which moves the map to its entries; codebook: mean((e − constant(h))²), which moves the entries. One of
 * them times beta. Source: arXiv:1711.00937, equation 3; VectorQuantizer2, whose `legacy = True` puts beta on the codebook term.
 * @param map [N,C,h,w]
 * @param vectors [N,C,h,w], of `quantise`
 * @returns a scalar
 */
export function codebookLoss(map: Value, vectors: Value, { beta, betaOn }: CodebookLoss): Value {
  const meanSquare = (d: Value) => reshape(reduceMean(mul(d, d), [0, 1, 2, 3]), []);
  const commitment = meanSquare(sub(stopGradient(vectors), map));
  const codebook = meanSquare(sub(vectors, stopGradient(map)));
  return betaOn === "commitment" ? add(mul(commitment, beta), codebook) : add(commitment, mul(codebook, beta));
}
