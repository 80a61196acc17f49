/** @file Seeded random numbers, the same on every machine. */
import type { Shape, Tensor } from "./tensor.js";
import { sizeOf, tensor } from "./tensor.js";

/** A stream of random numbers. */
export interface Rng {
  /** Uniform in [0,1), 32 bits. */
  uniform(): number;
  /** A whole number in [0, n). */
  below(n: number): number;
  /** Standard normal. */
  normal(): number;
}

/**
 * Creates a random stream from a seed: sfc32 seeded by splitmix32, Box-Muller for normals. The low 32 bits of the seed are mixed into three of
 * sfc32's four words, the rest into the fourth; both mixings and the generator's step are one-to-one, so no two seeds share a state.
 * @param seed whole number from 0 to 2^53 − 1
 */
export function createRng(seed: number): Rng {
  const [low, high] = [seed | 0, Math.floor(seed / 2 ** 32)];
  let s = low;
  const split = () => {
    s = (s + 0x9e3779b9) | 0;
    let z = s;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) | 0;
  };
  let [a, b, c, d] = [split(), split(), split(), (1 + Math.imul(high, 0x9e3779b1)) | 0];
  const next = () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    c |= 0;
    return t >>> 0;
  };
  for (let k = 0; k < 12; k++) next();
  const uniform = () => next() / 2 ** 32;
  let spare: number | undefined;
  const normal = () => {
    if (spare !== undefined) {
      const kept = spare;
      spare = undefined;
      return kept;
    }
    const r = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = r * Math.sin(angle);
    return r * Math.cos(angle);
  };
  return { uniform, below: (n) => Math.floor(uniform() * n), normal };
}

/** Draws standard normal noise from `rng` in row-major order. */
export function randn(rng: Rng, shape: Shape): Tensor {
  const data = new Float32Array(sizeOf(shape));
  for (let k = 0; k < data.length; k++) data[k] = rng.normal();
  return tensor(data, shape);
}
