/** @file Right and wrong answers to the exercises of lessons 5 to 8. */
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { add, div, exp, mul, sigmoid, silu, sub } from "#kernel-lib/graph/ops/elementwise.js";
import type { AnswersTo } from "./answers.js";

/** Numbers of all windows at one place to the number of window j there. */
const perPlace =
  (make: (all: number[], j: number) => number) =>
  ({ data, shape }: Tensor): Tensor => {
    const size = data.length / shape[0];
    const all = (k: number) => Array.from({ length: shape[0] }, (_, j) => data[j * size + (k % size)]);
    return { data: data.map((_, k) => make(all(k), Math.floor(k / size))), shape };
  };
const mean = (all: readonly number[]) => all.reduce((a, b) => a + b) / all.length;

export const LESSONS_5_TO_8: AnswersTo<"5" | "6" | "7" | "8"> = {
  "5.1": {
    right: [14, Math.ceil(Math.log(0.5) / Math.log(0.95))],
    wrong: [13, 15, 13.51, 10, 28, 45, 1, 20, 0, 27],
    given: [],
  },
  "5.2": {
    right: [
      [2, 5, 8],
      [8, 2, 5],
    ],
    wrong: [[0, 3, 6, 9], [3, 6, 9], [2, 5, 8, 11], [1, 4, 7], [2, 5], [0, 1, 3, 4, 6, 7, 9], [2, 5, 8, 9], [0, 1, 2], [3], []],
    given: [],
  },
  "5.3": { right: [3.08, 200 / 65, 3.1], wrong: [10, 4, 0.325, 4.44, 2.857, 135, 0.675, 1.11, 3, 13], given: [] },
  "6.1": { right: [32, 128 / 4], wrong: [29, 31, 33, 28, 8, 256, 16, 24, 30, 128], given: [] },
  "6.2": { right: [7, 71 % 64], wrong: [8, 72, 71, 6, 63, 15, 16, 55, 9, 40], given: [] },
  "6.3": { right: [0.5, 1 / 2], wrong: [0, 1, 2, 0.25, Math.SQRT1_2, -0.5, 1.5, 0.75], given: [] },
  "7.1": { right: [2048, 2 * 4 * 16 * 16], wrong: [1024, 1025, 2049, 1, 2, 3072, 256, 512, 1048576, 4096], given: [] },
  "7.2": { right: [2048, 8 * 16 * 16], wrong: [8, 256, 6144, 768, 24, 3, 128, 1, 2304], given: [] },
  "7.3": {
    right: [
      (dy, x) => mul(dy, sigmoid(x)),
      (dy, x) => mul(sigmoid(x), dy),
      (dy, x) => div(mul(dy, exp(x)), add(exp(x), 1)),
      (dy, x) => sub(dy, mul(dy, sigmoid(sub(0, x)))),
    ],
    wrong: [
      (dy) => dy,
      (_, x) => sigmoid(x),
      (dy, x) => mul(dy, x),
      (dy, x) => mul(dy, mul(sigmoid(x), sub(1, sigmoid(x)))),
      (dy, x) => mul(dy, sub(1, sigmoid(x))),
      (dy, x) => mul(dy, exp(x)),
      (dy) => sigmoid(dy),
      (dy, x) => mul(dy, silu(x)),
      (dy, x) => div(dy, add(exp(x), 1)),
      (dy, x) => mul(dy, mul(sigmoid(x), sigmoid(x))),
    ],
    given: [],
  },
  "8.1": { right: [600, 50 * 12], wrong: [1200, 0, 550, 650, 1800, 12, 50, 2, 24, 300], given: [] },
  "8.2": { right: [0, -0, 1e-7], wrong: [1, 0.1, 0.5, -1, 2, 0.01, 12, 3.5, 100], given: [] },
  "8.3": {
    right: [
      perPlace((all, j) => mean(all) - all[j]),
      ({ data, shape }) => {
        const [n, size] = [shape[0], data.length / shape[0]];
        const middle = new Float64Array(size);
        data.forEach((x, k) => {
          middle[k % size] += x / n;
        });
        return { data: data.map((x, k) => middle[k % size] - x), shape };
      },
    ],
    wrong: [
      perPlace(mean),
      perPlace((all, j) => all[j] - mean(all)),
      perPlace((all, j) => all[0] - all[j]),
      perPlace((all, j) => mean(all) * all.length - all[j]),
      perPlace(() => 0),
      (means) => means,
      perPlace((all, j) => mean(all.filter((_, k) => k !== j)) - all[j]),
      ({ data, shape }) => ({ data: data.slice(0, data.length / shape[0]), shape: [1, ...shape.slice(1)] }),
      perPlace((all, j) => all[all.length - 1] - all[j]),
      perPlace((all, j) => (mean(all) - all[j]) / 2),
    ],
    given: [],
  },
};
