/** Metrics of sets of features: closed forms, and eigenvalues. */
import { describe, expect, test } from "vitest";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { type Tensor, tensor } from "#kernel-lib/core/tensor.js";
import { frechetDistance } from "#kernel-lib/metrics/frechet-distance.js";
import { giqa } from "#kernel-lib/metrics/giqa.js";
import { kernelDistance } from "#kernel-lib/metrics/kernel-distance.js";
import { symmetricEigenvalues } from "#kernel-lib/metrics/symmetric-eigenvalues.js";

const sorted = (values: Iterable<number>) => [...values].sort((a, b) => a - b);
/** x·scale + shift */
const moved = ({ data, shape }: Tensor, scale: number, shift: number): Tensor => ({ data: data.map((x) => scale * x + shift), shape });

describe("symmetricEigenvalues", () => {
  test.each([1, 2, 3, 8, 40])("of the path of %i points are 2 − 2·cos(πk/(n+1))", (n) => {
    const matrix = Float64Array.from({ length: n * n }, (_, k) => [2, -1][Math.abs(Math.floor(k / n) - (k % n))] ?? 0);
    const want = Array.from({ length: n }, (_, k) => 2 - 2 * Math.cos((Math.PI * (k + 1)) / (n + 1)));
    const found = sorted(symmetricEigenvalues(matrix, n));
    for (const [k, value] of sorted(want).entries()) expect(found[k]).toBeCloseTo(value, 12);
  });

  test.each([5, 30])("of a random matrix of %i rows have its trace and its squares' sum", (n) => {
    const half = randn(createRng(n), [n, n]).data;
    const matrix = Float64Array.from({ length: n * n }, (_, k) => half[k] + half[(k % n) * n + Math.floor(k / n)]);
    const trace = matrix.filter((_, k) => k % (n + 1) === 0).reduce((a, b) => a + b);
    const squares = matrix.reduce((sum, x) => sum + x * x, 0);
    const values = symmetricEigenvalues(matrix.slice(), n);
    expect(values.reduce((a, b) => a + b)).toBeCloseTo(trace, 9);
    expect(values.reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(squares, 9);
  });

  test("of a diagonal matrix are its diagonal, and NaN is refused", () => {
    expect(sorted(symmetricEigenvalues(Float64Array.of(3, 0, 0, 0, -1, 0, 0, 0, 2), 3))).toEqual([-1, 2, 3]);
    expect(() => symmetricEigenvalues(Float64Array.of(1, 0, Number.NaN, 1), 2)).toThrow(/finite/);
  });
});

describe("frechetDistance", () => {
  test.each([
    ["more rows than columns", 50, 6],
    ["fewer rows than columns", 7, 20],
  ])("of a set that is scaled by s and moved by t is d·t² + (1−s)²·tr(Σ), with %s", (_, n, d) => {
    const set = randn(createRng(1), [n, d]);
    expect(frechetDistance(set, set)).toBeLessThan(1e-6);
    const means = Array.from({ length: d }, (_, k) => set.data.filter((_, at) => at % d === k).reduce((a, b) => a + b) / n);
    const trace = set.data.reduce((sum, x, k) => sum + (x - means[k % d]) ** 2, 0) / (n - 1);
    const centred = { data: set.data.map((x, k) => x - means[k % d]), shape: set.shape };
    expect(frechetDistance(centred, moved(centred, 3, 2)) / (4 * d + 4 * trace)).toBeCloseTo(1, 5);
  });

  test("is symmetric, whichever set has fewer rows", () => {
    const [a, b] = [randn(createRng(2), [9, 12]), randn(createRng(3), [40, 12])];
    expect(frechetDistance(a, b) / frechetDistance(b, a)).toBeCloseTo(1, 9);
  });

  test("refuses one row, and other widths", () => {
    const two = randn(createRng(1), [2, 3]);
    expect(() => frechetDistance(randn(createRng(1), [1, 3]), two)).toThrow(/at least two/);
    expect(() => frechetDistance(randn(createRng(1), [2, 4]), two)).toThrow(/\[n,4\]|n,4/);
  });
});

describe("kernelDistance", () => {
  test("of two points each is the formula by hand", () => {
    const [a, b] = [tensor([1, 0], [2, 1]), tensor([2, -1], [2, 1])];
    const k = (x: number, y: number) => (x * y + 1) ** 3;
    const want = k(1, 0) + k(2, -1) - (k(1, 2) + k(1, -1) + k(0, 2) + k(0, -1)) / 2;
    expect(kernelDistance(a, b, { subsets: 3 })).toBeCloseTo(want, 12);
  });

  test("is 0 on average for draws of one distribution, and the same for the same seed", () => {
    const values = Array.from({ length: 200 }, (_, k) =>
      kernelDistance(randn(createRng(k), [12, 4]), randn(createRng(1000 + k), [15, 4]), { subsets: 1 }),
    );
    const mean = values.reduce((a, b) => a + b) / values.length;
    const error = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length / (values.length - 1));
    expect(Math.abs(mean)).toBeLessThan(3 * error);
    const [a, b] = [randn(createRng(1), [30, 4]), randn(createRng(2), [30, 4])];
    expect(kernelDistance(a, b, { subsetSize: 10 })).toBe(kernelDistance(a, b, { subsetSize: 10 }));
    expect(kernelDistance(a, b, { subsetSize: 10, seed: 1 })).not.toBe(kernelDistance(a, b, { subsetSize: 10 }));
  });
});

test("giqa sums the nearest, and refuses more neighbours than there are references", () => {
  const references = tensor([0, 0, 4, 0, 0, 2], [3, 2]);
  const [score] = giqa(tensor([1, 0], [1, 2]), references, 2);
  expect(score).toBeCloseTo(1 / 1 + 1 / 3, 5);
  expect(() => giqa(tensor([1, 0], [1, 2]), references, 4)).toThrow(/from 1 to 3/);
});
