/** @file Intervals by resampling, and a correction for many comparisons. */
import { createRng } from "../core/random.js";
import { type MeanInterval, meanInterval } from "./interval.js";

/** How an interval is resampled. */
export interface BootstrapOptions {
  /** default 10,000 */
  readonly resamples?: number;
  /** of the draw; default 0 */
  readonly seed?: number;
}

const RESAMPLES = 10_000;
/** Below so many values resamples with hardly any spread of their own make t boundless; Student's t serves there. */
const LEAST = 9;

/**
 * The mean with its 95 % interval by the studentised bootstrap (bootstrap-t): panoramas are drawn with repetition, and the quantiles of
 * t = (mean* − mean)/error* say how far the mean may lie off. Its intervals hold the truth in 93 to 97 % of tables with 9 panoramas, where
 * percentiles of the mean itself, and their accelerated form, hold it in 85 to 91 %. Fewer than 9 values have Student's interval. Pass one number per
 * panorama: crops of one panorama are not independent.
 * @throws RangeError for no values; both ends are NaN for fewer than two
 * @source Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 12.5. A resample of equal values, whose own error is 0, takes the
 * error of all values.
 */
export function bootstrapInterval(values: readonly number[], { resamples = RESAMPLES, seed = 0 }: BootstrapOptions = {}): MeanInterval {
  const count = values.length;
  if (count === 0) throw new RangeError("bootstrapInterval: got no values, want at least one");
  if (count < LEAST) return meanInterval(values);
  const { mean, error } = meanAndError(values);
  if (error === 0) return { mean, low: mean, high: mean, count };
  const rng = createRng(seed);
  const drawn = new Float64Array(count);
  const t = new Float64Array(resamples);
  for (let k = 0; k < resamples; k++) {
    for (let j = 0; j < count; j++) drawn[j] = values[rng.below(count)];
    const own = meanAndError(drawn);
    t[k] = (own.mean - mean) / (own.error || error);
  }
  t.sort();
  const quantile = (share: number) => t[Math.min(resamples - 1, Math.floor(share * resamples))];
  return { mean, low: mean - quantile(0.975) * error, high: mean - quantile(0.025) * error, count };
}

function meanAndError(values: ArrayLike<number>): { mean: number; error: number } {
  const n = values.length;
  let [sum, squares] = [0, 0];
  for (let k = 0; k < n; k++) sum += values[k];
  const mean = sum / n;
  for (let k = 0; k < n; k++) squares += (values[k] - mean) ** 2;
  return { mean, error: Math.sqrt(squares / (n - 1) / n) };
}

/** The mean of a − b, pair by pair, with its interval: what both have in common, such as the starting noise, drops out. */
export function pairedBootstrap(a: readonly number[], b: readonly number[], options?: BootstrapOptions): MeanInterval {
  if (a.length !== b.length) throw new RangeError(`pairedBootstrap: got ${a.length} and ${b.length} values, want pairs`);
  return bootstrapInterval(
    a.map((x, k) => x - b[k]),
    options,
  );
}

/**
 * Holm's correction: probabilities of several comparisons, each made larger so that the chance of any false finding stays below the level that
 * they are compared with.
 * @source Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 1979
 */
export function holm(probabilities: readonly number[]): number[] {
  const order = probabilities.map((_, k) => k).sort((a, b) => probabilities[a] - probabilities[b]);
  const corrected = new Array<number>(probabilities.length);
  let most = 0;
  for (const [rank, k] of order.entries()) {
    most = Math.max(most, Math.min(1, (probabilities.length - rank) * probabilities[k]));
    corrected[k] = most;
  }
  return corrected;
}

/**
 * The probability of a mean difference at least as large where there is none: the signs of the paired differences are flipped at random. Exact
 * for up to 16 pairs.
 * @source Fisher, The Design of Experiments, 1935, section 21
 */
export function signFlipProbability(differences: readonly number[], { resamples = RESAMPLES, seed = 0 }: BootstrapOptions = {}): number {
  const n = differences.length;
  if (n === 0) throw new RangeError("signFlipProbability: got no pairs, want at least one");
  const seen = Math.abs(differences.reduce((a, b) => a + b, 0));
  const least = seen * (1 - 1e-12);
  const sumOf = (positive: (k: number) => boolean) => Math.abs(differences.reduce((sum, x, k) => sum + (positive(k) ? x : -x), 0));
  let hits = 0;
  if (n <= 16) {
    for (let flips = 0; flips < 2 ** n; flips++) if (sumOf((k) => ((flips >> k) & 1) === 0) >= least) hits++;
    return hits / 2 ** n;
  }
  const rng = createRng(seed);
  for (let k = 0; k < resamples; k++) if (sumOf(() => rng.uniform() < 0.5) >= least) hits++;
  return (hits + 1) / (resamples + 1);
}
