/** @file FID and KID over the judge's features, by the library's metrics. They compare with each other, and with no published number. */
import { type Tensor, tensor } from "../../../kernel-lib/core/tensor.js";
import { frechetDistance } from "../../../kernel-lib/metrics/frechet-distance.js";
import { kernelDistance } from "../../../kernel-lib/metrics/kernel-distance.js";

type FeatureSet = readonly Float32Array[];

/** Vectors of equal length as rows, [n,d]. */
const rowsOf = (set: FeatureSet): Tensor =>
  tensor(
    set.flatMap((x) => [...x]),
    [set.length, set[0].length],
  );

/** Each feature's standard deviation over a set, at least 1e-6. */
export function deviations(set: FeatureSet): Float32Array {
  return Float32Array.from(set[0], (_, k) => {
    const mean = set.reduce((sum, x) => sum + x[k], 0) / set.length;
    return Math.max(1e-6, Math.sqrt(set.reduce((sum, x) => sum + (x[k] - mean) ** 2, 0) / set.length));
  });
}

/** Sets of features, divided by the deviations of the first set, so that each feature counts alike. */
export function scaledSets(sets: readonly FeatureSet[]): FeatureSet[] {
  const scale = deviations(sets[0]);
  return sets.map((set) => set.map((x) => x.map((value, k) => value / scale[k])));
}

/** KID of two sets of equal size over all their pictures, without subsets. */
export const judgeKid = (a: FeatureSet, b: FeatureSet): number =>
  kernelDistance(rowsOf(a), rowsOf(b), { subsets: 1, subsetSize: Math.min(a.length, b.length) });

/** FID of two sets; only values at equal numbers of pictures compare. */
export const judgeFid = (a: FeatureSet, b: FeatureSet): number => frechetDistance(rowsOf(a), rowsOf(b));
