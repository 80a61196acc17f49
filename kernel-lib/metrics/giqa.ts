/** @file GIQA: how near each picture lies to real ones. */
import type { Tensor } from "../core/tensor.js";
import { expectFeatures } from "./kernel-distance.js";

/** Keeps the quality of a picture that is one of the references finite. */
const EPSILON = 1e-6;
/** Neighbours of the paper's table: so many references are needed. */
export const GIQA_NEIGHBOURS = 8;

/**
 * Of each picture the sum over its K nearest references of 1/distance, the L1 distance of features: higher is nearer to what the references show.
 * It is a sum, not a mean, so only values with the same K compare.
 * @param features [n,d] of the pictures  @param references [m,d] of the references  @param neighbours K
 * @returns n numbers
 * @throws ShapeError for other widths, RangeError for fewer references than K
 * @source Gu et al. arXiv:2003.08932, section 3.2; cientgu/GIQA, knn_score.py. Differs: the official code drops the last batch where it is not full.
 */
export function giqa(features: Tensor, references: Tensor, neighbours: number = GIQA_NEIGHBOURS): number[] {
  const [d] = expectFeatures("giqa", features, references);
  const [n, m] = [features.shape[0], references.shape[0]];
  if (!(Number.isInteger(neighbours) && neighbours >= 1 && neighbours <= m))
    throw new RangeError(`giqa: ${neighbours} neighbours of ${m} references; want a whole number from 1 to ${m}`);
  return Array.from({ length: n }, (_, i) => {
    const distances = Float64Array.from({ length: m }, (_, j) => {
      let sum = 0;
      for (let k = 0; k < d; k++) sum += Math.abs(features.data[i * d + k] - references.data[j * d + k]);
      return sum + EPSILON;
    }).sort();
    return distances.subarray(0, neighbours).reduce((sum, distance) => sum + 1 / distance, 0);
  });
}
