/** @file Right and wrong answers to the exercises of lessons 1 to 4. */
import type { AnswersTo } from "./answers.js";

/** Mean distances 1.3, 0.6, 0.2, 0.1 of two windows beside an anchor; the first window is always twice as far as the second. */
const steps = [1.3, 0.6, 0.2, 0.1].map((mean) => ({ windows: [{ loss: (4 / 3) * mean }, {}, { loss: (2 / 3) * mean }] }));

const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
const dot = (x: number[], w: number[]) => sum(x.map((each, j) => each * w[j]));

export const LESSONS_1_TO_4: AnswersTo<"1" | "2" | "3" | "4"> = {
  "1.1": { right: [4, 16 / 4, 8 / 2], wrong: [3, 5, 24, 2, 1, 16, 12, 6, 64, 0.25, 20, 7], given: [] },
  "1.2": {
    right: [13, 12.2, 14, 1.3 / 0.1],
    wrong: [1 / 13, 1.2, 1.3, 0.1, 92, 0.92, 1.114, 6.5, 2.17, 26, 100, -13],
    given: [{ steps }],
  },
  "1.3": { right: [0, -0, 0 / 15], wrong: [1, 0.5, 15, 6, 0.09, 36, -1, Number.POSITIVE_INFINITY, 2], given: [] },
  "2.1": {
    right: [0.8, Math.sqrt(0.64), 0.8000001, 4 / 5],
    wrong: [0.64, 0.6, 0.36, 0.4, 0.933, -0.8, 1.64, 0.8704, 0.5, 0.88],
    given: [],
  },
  "2.2": { right: [2400, 24 * 50 * 2], wrong: [1200, 50, 24, 48, 100, 4800, 76, 2448, 2350, 3600], given: [] },
  "2.3": {
    right: [
      (xt, v, alpha, sigma) => alpha * xt - sigma * v,
      (xt, v, alpha, sigma) => (alpha * xt - sigma * v) / (alpha ** 2 + sigma ** 2),
      (xt, v, alpha, sigma) => (xt - sigma * (sigma * xt + alpha * v)) / alpha,
    ],
    wrong: [
      (xt, v, alpha, sigma) => alpha * xt + sigma * v,
      (xt, v, alpha, sigma) => (xt - sigma * v) / alpha,
      (xt, v, alpha, sigma) => sigma * xt + alpha * v,
      (xt, v, alpha, sigma) => alpha * v - sigma * xt,
      (xt, v, alpha, sigma) => sigma * v - alpha * xt,
      (xt) => xt,
      (_, v) => v,
      (xt, v) => xt - v,
      (xt, v, alpha, sigma) => (alpha * xt - sigma * v) / alpha,
    ],
    given: [],
  },
  "3.1": { right: [29, (128 - 16) / 4 + 1], wrong: [28, 32, 8, 253, 33, 31, 21, 64, 256, 30, 24], given: [] },
  "3.2": { right: [2, Math.floor(5 / 4) + 1], wrong: [1, 4, 5, 3, 6, 1.25, 21, 0, 16, 2.25], given: [] },
  "3.3": {
    right: [
      (x, w) => dot(x, w) / sum(w),
      (x, w) => x.reduce((z, each, j) => z + (each * w[j]) / sum(w), 0),
      (x, w) => {
        let z = 0;
        for (let n = 0; n < 5000; n++) z -= (0.1 / sum(w)) * sum(x.map((each, j) => w[j] * (z - each)));
        return z;
      },
    ],
    wrong: [
      (x) => sum(x) / x.length,
      (x, w) => dot(x, w),
      (x, w) => dot(x, w) / x.length,
      (x, w) => x[w.indexOf(Math.max(...w))],
      (x) => x[0],
      (x) => x.sort((a, b) => a - b)[Math.floor(x.length / 2)],
      (x, w) =>
        dot(
          x,
          w.map((each) => each * each),
        ) / sum(w.map((each) => each * each)),
      (x) => sum(x),
      (x, w) => sum(x) / sum(w),
      (x, w) =>
        dot(
          x,
          w.map((each) => 1 / each),
        ) / sum(w.map((each) => 1 / each)),
    ],
    given: [],
  },
  "4.1": {
    right: [11.97, 20 * 0.95 ** 10, 12, 11.975],
    wrong: [20, 12.6, 11.376, 190, 19, 0.5987, 10, 33.4, 10.5, 9.5],
    given: [],
  },
  "4.2": {
    right: [(n) => 2 * n, (n) => 1 + (n - 1) + n, (n) => n + n],
    wrong: [
      (n) => n,
      (n) => 2 * n + 1,
      (n) => 2 * n - 1,
      (n) => 3 * n,
      (n) => n + 1,
      (n) => n * n,
      () => 10,
      (n) => 3 * n - 1,
      (n) => 4 * n,
    ],
    given: [],
  },
  "4.3": { right: [0, -0], wrong: [1, 0.3, 1.3, -0.3, 0.5, -1, 1 / 1.3, 0.001], given: [] },
};
