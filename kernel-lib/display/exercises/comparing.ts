/** @file What checkers compare answers with: numbers near others, and functions that give the same as others. */
import type { Tensor } from "../../core/tensor.js";

/** Whether two numbers are the same but for a relative difference; below 1 the difference is absolute. */
export const near = (a: number, b: number, within = 1e-6): boolean => Math.abs(a - b) <= within * Math.max(1, Math.abs(b));

/** A test for an answer near one of these numbers, as it would be read or rounded. */
export const about =
  (...values: readonly number[]) =>
  (answer: number): boolean =>
    values.some((value) => near(answer, value, 5e-3));

/** A test for an answer that is exactly one of these numbers. */
export const isOneOf =
  (...values: readonly number[]) =>
  (answer: number): boolean =>
    values.some((value) => near(answer, value, 1e-9));

/** A test for a function that gives what another one gives. @param samples lists of arguments; each call gets copies of its own */
export const sameAs =
  <Args extends readonly unknown[], Result extends number | readonly number[] | Tensor>(
    samples: readonly Args[],
    right: (...args: Args) => Result,
    within = 1e-5,
  ) =>
  (answer: (...args: Args) => Result): boolean =>
    samples.every((args) => alike(answer(...structuredClone(args)), right(...structuredClone(args)), within));

function alike(a: number | readonly number[] | Tensor, b: typeof a, within: number): boolean {
  const [left, right] = [flat(a), flat(b)];
  return left.length === right.length && left.every((x, k) => near(x, right[k], within));
}

const flat = (x: number | readonly number[] | Tensor): readonly number[] =>
  typeof x === "number" ? [x] : "data" in x ? [...x.shape, ...x.data] : x;
