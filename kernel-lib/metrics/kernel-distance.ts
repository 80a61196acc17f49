/** @file The kernel distance of two sets of features: KID, where the features are those of FID's Inception. */
import { createRng, type Rng } from "../core/random.js";
import { expectShape, type Tensor } from "../core/tensor.js";

/** How KID draws its subsets. */
export interface KernelDistanceOptions {
  /** default 100 */
  readonly subsets?: number;
  /** pictures of each set in a subset, at most; default 1000 */
  readonly subsetSize?: number;
  /** of the draw; default 0 */
  readonly seed?: number;
}

const [SUBSETS, SUBSET_SIZE] = [100, 1000];

/**
 * The squared maximum mean discrepancy with the kernel (xᵀy/d + 1)³, unbiased, averaged over random subsets of both sets. Its expectation does not
 * depend on the number of pictures, so it may be below 0.
 * @param a [n,d]  @param b [m,d], features of one picture a row
 * @throws ShapeError for other widths, RangeError for fewer than two rows
 * @source Bińkowski et al. arXiv:1801.01401, equation 4; GaParmar/clean-fid, fid.py, kernel_distance. Differs: the subsets come from a seed, there from
 * numpy's global generator.
 */
export function kernelDistance(
  a: Tensor,
  b: Tensor,
  { subsets = SUBSETS, subsetSize = SUBSET_SIZE, seed = 0 }: KernelDistanceOptions = {},
): number {
  const [d] = expectFeatures("kernelDistance", a, b);
  const m = Math.min(a.shape[0], b.shape[0], subsetSize);
  if (m < 2) throw new RangeError(`kernelDistance: got ${a.shape[0]} and ${b.shape[0]} rows, want at least two pictures of each set`);
  const rng = createRng(seed);
  let sum = 0;
  for (let k = 0; k < subsets; k++) sum += discrepancy(a, drawn(rng, a.shape[0], m), b, drawn(rng, b.shape[0], m), d);
  return sum / subsets;
}

/** Both are [n,d] with one d. @throws ShapeError */
export function expectFeatures(who: string, a: Tensor, b: Tensor): [d: number] {
  expectShape(`${who}: a`, a, ["n", "d"]);
  expectShape(`${who}: b`, b, ["n", a.shape[1]]);
  return [a.shape[1]];
}

/** m of n indices, without repetition. */
function drawn(rng: Rng, n: number, m: number): number[] {
  const all = Array.from({ length: n }, (_, k) => k);
  for (let k = 0; k < m; k++) {
    const other = k + rng.below(n - k);
    [all[k], all[other]] = [all[other], all[k]];
  }
  return all.slice(0, m);
}

/** Of rows of a and as many rows of b. */
function discrepancy(a: Tensor, ofA: readonly number[], b: Tensor, ofB: readonly number[], d: number): number {
  const m = ofA.length;
  const [x, y] = [a, b].map(({ data }, which) => gathered(data, which === 0 ? ofA : ofB, d));
  const within = sumOfKernels(x, x, d, "later") + sumOfKernels(y, y, d, "later");
  return (2 * within) / (m * (m - 1)) - (2 * sumOfKernels(x, y, d, "all")) / m ** 2;
}

/** Rows one after the other, in float64, as the products are summed. */
function gathered(data: Float32Array, rows: readonly number[], d: number): Float64Array {
  const out = new Float64Array(rows.length * d);
  for (const [k, row] of rows.entries()) out.set(data.subarray(row * d, (row + 1) * d), k * d);
  return out;
}

const kernel = (dot: number, d: number): number => (dot / d + 1) ** 3;

/** Of each row of x with all rows of y, or with those that come later. Four rows of y at once, so that each number of x is read once for four products. */
function sumOfKernels(x: Float64Array, y: Float64Array, d: number, which: "all" | "later"): number {
  const n = y.length / d;
  let sum = 0;
  for (let i = 0; i < x.length; i += d) {
    let j = which === "all" ? 0 : i / d + 1;
    for (; j + 4 <= n; j += 4) {
      const [p, q, r, s] = [j * d, (j + 1) * d, (j + 2) * d, (j + 3) * d];
      let [dp, dq, dr, ds] = [0, 0, 0, 0];
      for (let k = 0; k < d; k++) {
        const value = x[i + k];
        dp += value * y[p + k];
        dq += value * y[q + k];
        dr += value * y[r + k];
        ds += value * y[s + k];
      }
      sum += kernel(dp, d) + kernel(dq, d) + kernel(dr, d) + kernel(ds, d);
    }
    for (; j < n; j++) {
      let dot = 0;
      for (let k = 0; k < d; k++) dot += x[i + k] * y[j * d + k];
      sum += kernel(dot, d);
    }
  }
  return sum;
}
