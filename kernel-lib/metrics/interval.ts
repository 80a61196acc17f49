/** @file A mean with its 95 % interval, and the mean of paired differences. */

/** A mean and the interval in which it lies with a probability of 95 %, by Student's t; both ends are NaN for fewer than two values. */
export interface MeanInterval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** how many values */
  readonly count: number;
}

/** The mean of values that are independent and about normal. @throws RangeError for no values */
export function meanInterval(values: readonly number[]): MeanInterval {
  const count = values.length;
  if (count === 0) throw new RangeError("meanInterval: got no values, want at least one");
  const mean = values.reduce((a, b) => a + b, 0) / count;
  if (count < 2) return { mean, low: Number.NaN, high: Number.NaN, count };
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (count - 1);
  const reach = studentT(count - 1) * Math.sqrt(variance / count);
  return { mean, low: mean - reach, high: mean + reach, count };
}

/**
 * The mean of a − b, pair by pair: what both have in common, such as the seed, drops out. @throws RangeError for lists of different lengths, or none
 */
export function pairedInterval(a: readonly number[], b: readonly number[]): MeanInterval {
  if (a.length !== b.length) throw new RangeError(`pairedInterval: got ${a.length} and ${b.length} values, want pairs`);
  return meanInterval(a.map((x, k) => x - b[k]));
}

/** 97.5 % quantile of Student's t: exact for 1 and 2 degrees of freedom, else within 0.3 % (Abramowitz and Stegun, 26.7.5). */
export function studentT(degrees: number): number {
  if (degrees === 1) return 12.7062;
  if (degrees === 2) return 4.30265;
  const z = 1.959964;
  const [z3, z5, z7, z9] = [z ** 3, z ** 5, z ** 7, z ** 9];
  return (
    z +
    (z3 + z) / (4 * degrees) +
    (5 * z5 + 16 * z3 + 3 * z) / (96 * degrees ** 2) +
    (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * degrees ** 3) +
    (79 * z9 + 776 * z7 + 1482 * z5 - 1920 * z3 - 945 * z) / (92160 * degrees ** 4)
  );
}
