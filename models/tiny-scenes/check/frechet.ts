/** @file The Fréchet distance of two sets of feature vectors, as normal distributions: FID where the features are Inception's (arXiv:1706.08500). */

/** Sweeps of Jacobi's method after which the rest off the diagonal is nothing. */
const SWEEPS = 12;

type Matrix = readonly Float64Array[];

/**
 * ‖mean_a − mean_b‖² + tr(A + B − 2·(A^½·B·A^½)^½), with covariances A and B.
 * @param a N vectors of equal length, N above 1  @param b M of them
 */
export function frechetDistance(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  const [first, second] = [moments(a), moments(b)];
  const root = power(first.covariance, Math.sqrt);
  const between = product(product(root, second.covariance), root);
  const apart = first.mean.reduce((sum, x, k) => sum + (x - second.mean[k]) ** 2, 0);
  return apart + trace(first.covariance) + trace(second.covariance) - 2 * trace(power(between, Math.sqrt));
}

function moments(set: readonly Float32Array[]): { readonly mean: Float64Array; readonly covariance: Matrix } {
  const n = set[0].length;
  const mean = new Float64Array(n);
  for (const x of set) for (let k = 0; k < n; k++) mean[k] += x[k] / set.length;
  const covariance = Array.from({ length: n }, () => new Float64Array(n));
  for (const x of set)
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) covariance[i][j] += ((x[i] - mean[i]) * (x[j] - mean[j])) / (set.length - 1);
  return { mean, covariance };
}

const trace = (matrix: Matrix): number => matrix.reduce((sum, row, k) => sum + row[k], 0);

function product(a: Matrix, b: Matrix): Matrix {
  return a.map((row) => {
    const out = new Float64Array(b[0].length);
    for (let k = 0; k < b.length; k++) for (let j = 0; j < out.length; j++) out[j] += row[k] * b[k][j];
    return out;
  });
}

/** A function of a symmetric matrix without negative eigenvalues; what rounding makes negative counts as 0. */
function power(matrix: Matrix, of: (x: number) => number): Matrix {
  const { values, vectors } = eigen(matrix);
  const scaled = vectors.map((row) => row.map((x, k) => x * of(Math.max(0, values[k]))));
  return product(scaled, transposed(vectors));
}

const transposed = (matrix: Matrix): Matrix => matrix.map((_, j) => Float64Array.from(matrix, (row) => row[j]));

/** Cyclic Jacobi rotations. @returns eigenvalues, and eigenvectors as columns */
function eigen(matrix: Matrix): { readonly values: Float64Array; readonly vectors: Matrix } {
  const n = matrix.length;
  const a = matrix.map((row, i) => row.map((x, j) => (x + matrix[j][i]) / 2));
  const vectors = matrix.map((_, i) => Float64Array.from({ length: n }, (_, j) => Number(i === j)));
  for (let sweep = 0; sweep < SWEEPS; sweep++)
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        if (a[p][q] === 0) continue;
        const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        rotate(a, vectors, p, q, c, t * c);
      }
  return { values: Float64Array.from(a, (row, k) => row[k]), vectors };
}

function rotate(a: Matrix, vectors: Matrix, p: number, q: number, c: number, s: number): void {
  for (const rows of [a, vectors])
    for (const row of rows) {
      const [x, y] = [row[p], row[q]];
      row[p] = c * x - s * y;
      row[q] = s * x + c * y;
    }
  for (let k = 0; k < a.length; k++) {
    const [x, y] = [a[p][k], a[q][k]];
    a[p][k] = c * x - s * y;
    a[q][k] = s * x + c * y;
  }
}
