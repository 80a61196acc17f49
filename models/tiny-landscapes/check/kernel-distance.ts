/** @file The kernel distance (KID) of two sets of feature vectors: unbiased, so that two sets of one kind are 0 apart whatever their size. */

/** Each feature's standard deviation over a set, at least 1e-6: what features are divided by before they are compared. */
export function deviations(set: readonly Float32Array[]): Float32Array {
  return Float32Array.from(set[0], (_, k) => {
    const mean = set.reduce((sum, x) => sum + x[k], 0) / set.length;
    return Math.max(1e-6, Math.sqrt(set.reduce((sum, x) => sum + (x[k] - mean) ** 2, 0) / set.length));
  });
}

/**
 * Squared maximum mean discrepancy under the kernel (x·y/d + 1)³, unbiased: a set's pairs of a vector with itself are left out.
 * @param a @param b vectors of d features, at least two each
 * @returns unitless; 0 in the mean for two sets of one distribution, and negative as often as positive then
 * @source Bińkowski et al. arXiv:1801.01401, equation 4
 */
export function kernelDistance(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  const within = (set: readonly Float32Array[]) => (2 * sumOfPairs(set)) / (set.length * (set.length - 1));
  let across = 0;
  for (const x of a) for (const y of b) across += kernel(x, y);
  return within(a) + within(b) - (2 * across) / (a.length * b.length);
}

function sumOfPairs(set: readonly Float32Array[]): number {
  let sum = 0;
  for (let i = 0; i < set.length; i++) for (let j = 0; j < i; j++) sum += kernel(set[i], set[j]);
  return sum;
}

function kernel(x: Float32Array, y: Float32Array): number {
  let dot = 0;
  for (let k = 0; k < x.length; k++) dot += x[k] * y[k];
  return (dot / x.length + 1) ** 3;
}
