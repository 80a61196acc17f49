/** @file The eigenvalues of a symmetric matrix: what a Fréchet distance takes of one. */

/** Rotations per eigenvalue before it is given up; two or three are usual. */
const MOST = 60;

/**
 * All eigenvalues of a symmetric matrix, in no order: Householder reflections make it tridiagonal, then implicit QL steps make it diagonal.
 * Only values are computed, which is about a tenth of the work of a decomposition with vectors.
 * @param matrix n·n numbers by rows; the lower triangle is read. It is overwritten.
 * @throws RangeError for numbers that are not finite
 * @source Golub and Van Loan, Matrix Computations, algorithms 8.3.1 and 8.3.2
 */
export function symmetricEigenvalues(matrix: Float64Array, n: number): Float64Array {
  if (!matrix.every(Number.isFinite)) throw new RangeError("symmetricEigenvalues: the matrix has numbers that are not finite");
  const { diagonal, beside } = tridiagonal(matrix, n);
  for (let l = 0; l < n; l++) {
    for (let turn = 0; ; turn++) {
      let m = l;
      for (; m < n - 1; m++) {
        const scale = Math.abs(diagonal[m]) + Math.abs(diagonal[m + 1]);
        if (Math.abs(beside[m]) <= Number.EPSILON * scale) break;
      }
      if (m === l) break;
      if (turn === MOST) throw new RangeError(`symmetricEigenvalues: no convergence after ${MOST} steps`);
      implicitStep(diagonal, beside, l, m);
    }
  }
  return diagonal;
}

/** H·A·Hᵀ for reflections H, by rows from the last: the diagonal, and the entries beside it (the last is 0). */
function tridiagonal(a: Float64Array, n: number): { diagonal: Float64Array; beside: Float64Array } {
  const [diagonal, beside, p] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  for (let i = n - 1; i > 1; i--) {
    const row = i * n;
    let norm2 = 0;
    for (let k = 0; k < i; k++) norm2 += a[row + k] ** 2;
    const last = a[row + i - 1];
    const length = last > 0 ? -Math.sqrt(norm2) : Math.sqrt(norm2);
    beside[i - 1] = length;
    if (norm2 - last ** 2 <= 0) {
      beside[i - 1] = last; // nothing to reflect
      continue;
    }
    a[row + i - 1] = last - length; // the row becomes u, with H = 1 − u·uᵀ/h
    const h = norm2 - last * length;
    p.fill(0, 0, i); // A·u, from the lower triangle alone
    for (let j = 0; j < i; j++) {
      const [at, u] = [j * n, a[row + j]];
      let sum = a[at + j] * u;
      for (let k = 0; k < j; k++) {
        sum += a[at + k] * a[row + k];
        p[k] += a[at + k] * u;
      }
      p[j] += sum;
    }
    let dot = 0;
    for (let j = 0; j < i; j++) {
      p[j] /= h;
      dot += p[j] * a[row + j];
    }
    const half = dot / (2 * h);
    for (let j = 0; j < i; j++) p[j] -= half * a[row + j];
    for (let j = 0; j < i; j++) {
      const [at, u, q] = [j * n, a[row + j], p[j]];
      for (let k = 0; k <= j; k++) a[at + k] -= u * p[k] + q * a[row + k];
    }
  }
  if (n > 1) beside[0] = a[n];
  for (let i = 0; i < n; i++) diagonal[i] = a[i * n + i];
  return { diagonal, beside };
}

/** One implicit QL step with a shift on the rows from l to m. */
function implicitStep(diagonal: Float64Array, beside: Float64Array, l: number, m: number): void {
  let g = (diagonal[l + 1] - diagonal[l]) / (2 * beside[l]);
  g = diagonal[m] - diagonal[l] + beside[l] / (g + (g < 0 ? -1 : 1) * Math.hypot(g, 1));
  let [s, c, shift] = [1, 1, 0];
  for (let i = m - 1; i >= l; i--) {
    const [f, b] = [s * beside[i], c * beside[i]];
    const r = Math.hypot(f, g);
    beside[i + 1] = r;
    if (r === 0) {
      diagonal[i + 1] -= shift;
      beside[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = diagonal[i + 1] - shift;
    const t = (diagonal[i] - g) * s + 2 * c * b;
    shift = s * t;
    diagonal[i + 1] = g + shift;
    g = c * t - b;
  }
  diagonal[l] -= shift;
  beside[l] = g;
  beside[m] = 0;
}
