/**
 * @file Noise levels by their ratio s = sigma/alpha, the "sigma" of the Euler samplers and of DPM-Solver++ (Karras et al., arXiv:2206.00364). Here a
 * sample always has variance alpha² + sigma² = 1; the papers' sample is ours over alpha.
 */
import type { Level } from "./notation.js";

/** The level of a ratio s at timestep t: alpha = 1/√(s² + 1), sigma = s·alpha. */
export function levelOfRatio(t: number, s: number): Level {
  const alpha = 1 / Math.sqrt(s * s + 1);
  return { t, alpha, sigma: s * alpha };
}

/** ᾱ of every training timestep, [trainTimesteps]. */
type AlphaBar = Float32Array;

/** s = sigma/alpha of a whole training timestep. Where alpha is 0, that of alpha² = 2⁻²⁴, as the official code has it. */
export function ratioAt(alphaBar: AlphaBar, t: number): number {
  const a = alphaBar[t] === 0 ? 2 ** -24 : alphaBar[t];
  return Math.sqrt((1 - a) / a);
}

/** s at any timestep from 0 to T − 1, linear between whole ones. */
export function ratioBetween(alphaBar: AlphaBar, t: number): number {
  const below = Math.floor(t);
  if (below === t) return ratioAt(alphaBar, t);
  return ratioAt(alphaBar, below) + (t - below) * (ratioAt(alphaBar, below + 1) - ratioAt(alphaBar, below));
}

/** N ratios from the largest to the smallest, even in their seventh roots (Karras et al., eq. 5 with rho = 7). */
export function karrasRatios(largest: number, smallest: number, steps: number): readonly number[] {
  const [from, to] = [largest ** (1 / 7), smallest ** (1 / 7)];
  return Array.from({ length: steps }, (_, k) => (from + (k / Math.max(1, steps - 1)) * (to - from)) ** 7);
}

/** The timestep of a ratio: linear in log s between whole ones. */
export function timestepOfRatio(alphaBar: AlphaBar, s: number): number {
  const last = alphaBar.length - 1;
  let [low, high] = [0, last]; // s grows with t
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (ratioAt(alphaBar, middle) <= s) low = middle;
    else high = middle;
  }
  const [below, above] = [Math.log(ratioAt(alphaBar, low)), Math.log(ratioAt(alphaBar, high))];
  return low + Math.min(1, Math.max(0, (Math.log(s) - below) / (above - below)));
}
