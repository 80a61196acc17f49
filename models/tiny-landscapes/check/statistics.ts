/** @file Shares, means and intervals. */
import { createRng } from "../../../kernel-lib/core/random.js";

export const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;

/** The share of the commonest entry. */
export function commonestShare(xs: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const x of xs) counts.set(x, (counts.get(x) ?? 0) + 1);
  return Math.max(...counts.values()) / xs.length;
}

export type Interval = readonly [low: number, high: number];

/** 95 % percentile bootstrap interval of a statistic of `xs`, 2,000 resamples, seeded. */
export function bootstrapInterval<T>(xs: readonly T[], statistic: (sample: readonly T[]) => number): Interval {
  const rng = createRng(1);
  const found = Array.from({ length: 2000 }, () => statistic(xs.map(() => xs[rng.below(xs.length)]))).sort((a, b) => a - b);
  return [found[49], found[1949]];
}
