/** @file Right and wrong answers to the exercises of lesson 12. */
import type { Tensor } from "#kernel-lib/core/tensor.js";
import type { AnswersTo } from "./answers.js";

const each = (a: Tensor, b: Tensor, make: (a: number, b: number) => number): Tensor => ({
  data: a.data.map((x, k) => make(x, b.data[k])),
  shape: [...a.shape],
});

export const LESSON_12: AnswersTo<"12"> = {
  "12.1": {
    right: [
      (sum, became, places) => {
        const next = [...sum];
        for (let j = 0; j < became.length; j++) next[places[j]] += became[j];
        return next;
      },
      (sum, became, places) => sum.map((old, k) => (places.includes(k) ? old + became[places.indexOf(k)] : old)),
      (sum, became, places) => {
        for (const [j, at] of places.entries()) (sum as number[])[at] += became[j];
        return sum;
      },
    ],
    wrong: [
      (sum, became, places) => {
        const next = [...sum];
        for (let j = 0; j < became.length; j++) next[places[j]] = became[j];
        return next;
      },
      (sum, became) => sum.map((old, k) => old + (became[k] ?? 0)),
      (_, became) => became,
      (sum, became) => [...sum, ...became],
      (sum) => sum,
      (sum, _, places) => sum.map((old, k) => old + (places.includes(k) ? 1 : 0)),
      (sum, became, places) => sum.map((old, k) => (places.includes(k) ? (old + became[places.indexOf(k)]) / 2 : old)),
      (sum, became, places) => sum.map((old, k) => (places.includes(k) ? old - became[places.indexOf(k)] : old)),
      (sum, became, places) => sum.map((old, k) => old + became[places[k]]),
      () => undefined as unknown as number[],
    ],
    given: [],
  },
  "12.2": {
    right: [
      (count, places) => count.map((old, k) => old + (places.includes(k) ? 1 : 0)),
      (count, places) => {
        const next = Array.from(count);
        for (const at of places) next[at]++;
        return next;
      },
    ],
    wrong: [
      (count, places) => count.map((old, k) => (places.includes(k) ? 1 : old)),
      (count, places) => count.map((_, k) => (places.includes(k) ? 1 : 0)),
      (count) => count.map((old) => old + 1),
      (count) => count,
      (count, places) => count.map((old, k) => old + (places.includes(k) ? places.length : 0)),
      (count, places) => count.map((old, k) => (places.includes(k) ? old * 2 : old)),
      (count, places) => count.map((old, k) => old + (places.includes(k) ? k : 0)),
      (count, places) => count.map((old, k) => old + (k < places.length ? 1 : 0)),
      (_, places) => places,
      (count, places) => count.map((old, k) => old - (places.includes(k) ? 1 : 0)),
    ],
    given: [],
  },
  "12.3": {
    right: [(sum, count) => sum.map((x, k) => x / count[k]), (sum, count) => Array.from(sum, (x, k) => x * (1 / count[k]))],
    wrong: [
      (sum) => sum,
      (sum, count) => sum.map((x) => x / Math.max(...count)),
      (sum, count) => sum.map((x) => x / count.length),
      (sum, count) => sum.map((x, k) => count[k] / x),
      (sum, count) => sum.map((x, k) => x * count[k]),
      (sum, count) => sum.map((x) => x / count.reduce((a, b) => a + b)),
      (sum, count) => sum.map((x, k) => x / (count[k] + 1)),
      (sum, count) => sum.map((x, k) => Math.round(x / count[k])),
      (sum, count) => sum.map((x, k) => x / Math.sqrt(count[k])),
      (sum, count) => [sum.reduce((a, b) => a + b) / count.reduce((a, b) => a + b)],
    ],
    given: [],
  },
  "12.4": {
    right: [
      (x, eps, { alpha, sigma }) => each(x, eps, (a, b) => (a - sigma * b) / alpha),
      (x, eps, { alpha, sigma }) => each(x, eps, (a, b) => a / alpha - (sigma / alpha) * b),
    ],
    wrong: [
      (x, eps, { alpha, sigma }) => each(x, eps, (a, b) => (a - alpha * b) / sigma),
      (x, eps, { alpha, sigma }) => each(x, eps, (a, b) => (a + sigma * b) / alpha),
      (x, eps, { sigma }) => each(x, eps, (a, b) => a - sigma * b),
      (x, eps, { alpha }) => each(x, eps, (a, b) => (a - b) / alpha),
      (x, eps, { alpha, sigma }) => each(x, eps, (a, b) => a / alpha - sigma * b),
      (x, eps, { alpha, sigma }) => each(x, eps, (a, b) => (a - sigma ** 2 * b) / alpha ** 2),
      (x, eps, { alpha, sigma }) => each(x, eps, (a, b) => alpha * a - sigma * b),
      (_, eps) => eps,
      (x) => x,
      (x, eps) => each(x, eps, (a, b) => a - b),
      (x, eps, { alpha, sigma }) => ({ ...each(x, eps, (a, b) => (a - sigma * b) / alpha), shape: [4] }),
    ],
    given: [],
  },
  "12.5": {
    right: [
      (x, gradient, { w, d, i }) => each(x, gradient, (a, b) => a - w * d ** i * b),
      (x, gradient, { w, d, i }) => each(x, gradient, (a, b) => a - w * Math.exp(i * Math.log(d)) * b),
    ],
    wrong: [
      (x, gradient, { w, d, i }) => each(x, gradient, (a, b) => a + w * d ** i * b),
      (x, gradient, { w }) => each(x, gradient, (a, b) => a - w * b),
      (x, gradient, { w, d, i }) => each(x, gradient, (a, b) => a - w * d * i * b),
      (x, gradient, { w, d, i }) => each(x, gradient, (a, b) => a - w * d ** (i + 1) * b),
      (x, gradient, { w, d, i }) => each(x, gradient, (a, b) => a - (w * d) ** i * b),
      (x, gradient) => each(x, gradient, (a, b) => a - b),
      (x, gradient, { d, i }) => each(x, gradient, (a, b) => a - d ** i * b),
      (x, gradient, { w, d, i }) => each(x, gradient, (_, b) => -w * d ** i * b),
      (x) => x,
      (x, gradient, { w, d, i }) => each(x, gradient, (a, b) => a - w * d ** i * Math.sign(b)),
      (x, gradient, { w, d, i }) => each(x, gradient, (a, b) => a - ((w * d ** i) / Math.hypot(...gradient.data)) * b),
    ],
    given: [],
  },
};
