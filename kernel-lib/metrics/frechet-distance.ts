/** @file The Fréchet distance of two sets of features: FID, where the features are those of FID's Inception. */
import { expectShape, type Tensor } from "../core/tensor.js";
import { symmetricEigenvalues } from "./symmetric-eigenvalues.js";

/**
 * ‖μ_a − μ_b‖² + tr(Σ_a) + tr(Σ_b) − 2·tr(√(Σ_a·Σ_b)), with unbiased covariances: the squared distance of two normal distributions. It falls with
 * the number of pictures (a bias of the order d²/n), so only values at equal numbers compare.
 * @param a [n,d]  @param b [m,d], features of one picture a row
 * @returns >= 0; 0 for equal sets
 * @throws ShapeError for other widths, RangeError for fewer than two rows
 * @source Heusel et al. arXiv:1706.08500, equation 6; GaParmar/clean-fid, fid.py, frechet_distance. Differs: the trace of the root is the sum of the
 * roots of the eigenvalues of a symmetric matrix, the smallest that there is; the official code takes the root of Σ_a·Σ_b itself and, where it is
 * singular, adds 1e-6 to both diagonals.
 */
export function frechetDistance(a: Tensor, b: Tensor): number {
  expectShape("frechetDistance: a", a, ["n", "d"]);
  expectShape("frechetDistance: b", b, ["n", a.shape[1]]);
  const [first, second] = [centred(a), centred(b)];
  const means = first.mean.reduce((sum, x, k) => sum + (x - second.mean[k]) ** 2, 0);
  const trace = (rows: Float64Array) => rows.reduce((sum, x) => sum + x ** 2, 0);
  return Math.max(0, means + trace(first.rows) + trace(second.rows) - 2 * traceOfRoot(first, second));
}

interface Centred {
  readonly n: number;
  readonly d: number;
  readonly mean: Float64Array;
  /** (x − μ)/√(n−1), so that the covariance is rowsᵀ·rows */
  readonly rows: Float64Array;
}

function centred({ data, shape: [n, d] }: Tensor): Centred {
  if (n < 2) throw new RangeError(`frechetDistance: got ${n} rows, want at least two pictures`);
  const mean = new Float64Array(d);
  for (let k = 0; k < n * d; k++) mean[k % d] += data[k] / n;
  return { n, d, mean, rows: Float64Array.from({ length: n * d }, (_, k) => (data[k] - mean[k % d]) / Math.sqrt(n - 1)) };
}

/**
 * tr(√(Σ_a·Σ_b)) is the sum of the singular values of A·Bᵀ, for any A, B with AᵀA = Σ_a and BᵀB = Σ_b: the rows themselves where there are fewer
 * of them than columns, else the Cholesky factor.
 */
function traceOfRoot(a: Centred, b: Centred): number {
  const [p, q] = [smaller(a), smaller(b)];
  const product = timesTransposed(p.rows, q.rows, a.d); // [p.n,q.n]
  const square =
    p.n <= q.n ? timesTransposed(product, product, q.n) : timesTransposed(transposed(product, q.n), transposed(product, q.n), p.n);
  const values = symmetricEigenvalues(square, Math.min(p.n, q.n));
  return values.reduce((sum, x) => sum + Math.sqrt(Math.max(0, x)), 0);
}

/** At most d rows with the same covariance. */
function smaller({ n, d, rows }: Centred): { n: number; rows: Float64Array } {
  if (n <= d) return { n, rows };
  const columns = transposed(rows, d);
  return { n: d, rows: transposed(cholesky(timesTransposed(columns, columns, n), d), d) };
}

/** L with L·Lᵀ = matrix, [n,n]; a column of a singular matrix is 0. */
function cholesky(matrix: Float64Array, n: number): Float64Array {
  const l = new Float64Array(n * n);
  let most = 0;
  for (let k = 0; k < n; k++) most = Math.max(most, matrix[k * n + k]);
  for (let j = 0; j < n; j++) {
    const dot = (i: number) => {
      let sum = matrix[i * n + j];
      for (let k = 0; k < j; k++) sum -= l[i * n + k] * l[j * n + k];
      return sum;
    };
    const pivot = dot(j);
    if (pivot <= n * Number.EPSILON * most) continue;
    l[j * n + j] = Math.sqrt(pivot);
    for (let i = j + 1; i < n; i++) l[i * n + j] = dot(i) / l[j * n + j];
  }
  return l;
}

/** A·Bᵀ for matrices of `width` columns. */
function timesTransposed(a: Float64Array, b: Float64Array, width: number): Float64Array {
  const [n, m] = [a.length / width, b.length / width];
  const out = new Float64Array(n * m);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < m; j++) {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += a[i * width + k] * b[j * width + k];
      out[i * m + j] = sum;
    }
  return out;
}

function transposed(a: Float64Array, width: number): Float64Array {
  const n = a.length / width;
  return Float64Array.from({ length: a.length }, (_, k) => a[(k % n) * width + Math.floor(k / n)]);
}
