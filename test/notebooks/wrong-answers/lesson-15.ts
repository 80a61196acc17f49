/** @file Right and wrong answers to the exercises of lesson 15. */
import type { AnswersTo } from "./answers.js";

const upTo = (width: number, value: (x: number) => number) => Array.from({ length: width }, (_, x) => value(x));

export const LESSON_15: AnswersTo<"15"> = {
  "15.1": {
    right: [
      (c, left, width) => upTo(width, (x) => c[(left + x) % c.length]),
      (c, left, width) => [...c, ...c].slice(left, left + width),
      (c, left, width) => [...c.slice(left), ...c.slice(0, left)].slice(0, width),
    ],
    wrong: [
      (c, left, width) => c.slice(left, left + width),
      (c, left, width) => upTo(width, (x) => c[Math.min(left + x, c.length - 1)]),
      (c, left, width) => upTo(width, (x) => c[left + x] ?? 0),
      (c, left, width) => c.slice(Math.min(left, c.length - width)).slice(0, width),
      (c, _, width) => c.slice(0, width),
      (c, _, width) => upTo(width, (x) => c[Math.floor((x * c.length) / width)]),
      (c, left, width) => upTo(width, (x) => c[(left + width - 1 - x) % c.length]),
      (c, left, width) => upTo(width, (x) => c[(left + x + 1) % c.length]),
      (c, left, width) => upTo(width, (x) => c[Math.min(left + x, 2 * c.length - 2 - left - x)]),
      (c, left, width) => upTo(width, (x) => c[(left + 8 * x) % c.length]),
    ],
    given: [],
  },
  "15.2": {
    right: [(i, L) => 10 ** (-1 + i / L), (i, L) => 0.1 * 10 ** (i / L), (i, L) => 10 ** ((i - L) / L)],
    wrong: [
      (i, L) => 0.825 ** (L - i),
      (i, L) => 10 ** (i / L),
      (i, L) => 10 ** (-i / L),
      (i, L) => 0.1 + (0.9 * i) / L,
      (i, L) => i / L,
      (i, L) => 10 ** (i / (L + 1) - 1),
      (i, L) => 10 ** (i / (L - 1) - 1),
      (i, L) => Math.exp(i / L - 1),
      () => 1,
      (i, L) => 2 ** (i / L - 1),
    ],
    given: [],
  },
  "15.3": { right: [7], wrong: [7.5, 8, 6, 3, 10, 0.75, 9, 2, 5, 0.7], given: [] },
};
