/** @file Shares, means and the bootstrap. */
import { createRng } from "../../../kernel-lib/core/random.js";

export const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;

/** How large a part of `xs` fulfils a condition. */
export const share = <T>(xs: readonly T[], fulfils: (x: T) => boolean): number => xs.filter(fulfils).length / xs.length;

/** The share of the commonest entry. */
export function commonestShare(xs: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const x of xs) counts.set(x, (counts.get(x) ?? 0) + 1);
  return Math.max(...counts.values()) / xs.length;
}

/** 95 % percentile bootstrap interval of the mean of paired differences, 10,000 resamples, seeded. */
export function bootstrapInterval(differences: readonly number[]): readonly [low: number, high: number] {
  const rng = createRng(1);
  const means = Array.from({ length: 10_000 }, () => mean(differences.map(() => differences[rng.below(differences.length)]))).sort(
    (a, b) => a - b,
  );
  return [means[249], means[9749]];
}
