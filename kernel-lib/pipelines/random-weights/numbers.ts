/** @file Random numbers by the billion: a counter, hashed, chooses from a table of levels. The same on every machine. */
import { toHalf } from "../../weights/dtype.js";
import type { Spread } from "./recipe.js";

/** Numbers in the format of a file: float32, or the bits of float16. */
export type Levels = Float32Array | Uint16Array;

/** Levels of a uniform distribution: few enough for the processor's nearest cache, and only they are converted to half precision. */
const COUNT = 4096;

/** `COUNT` equally likely numbers of this mean and deviation, within √3 deviations. */
export function levelsOf({ mean, deviation }: Spread, dtype: "F32" | "F16"): Levels {
  const levels = Float32Array.from({ length: COUNT }, (_, k) => mean + deviation * Math.sqrt(3) * ((2 * k + 1) / COUNT - 1));
  return dtype === "F16" ? toHalf(levels) : levels;
}

/**
 * A stream named by its seed. Each call goes on where the last one ended; it repeats itself after 2^33 numbers.
 * @param seed whole number; its low 32 bits and the next 21 are used
 */
export function numberStream(seed: number): (out: Levels, levels: Levels) => void {
  const key = Math.imul((seed ^ Math.floor(seed / 2 ** 32)) | 0, 0x9e3779b1);
  let counter = 0;
  return (out, levels) => {
    // splitmix32's finalizer over the counter, with the seed between its rounds; two numbers of 12 bits each time
    for (let k = 0; k < out.length; k += 2) {
      let x = Math.imul(counter++, 0x9e3779b9);
      x = Math.imul(x ^ (x >>> 16), 0x21f0aaad) ^ key;
      x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
      out[k] = levels[(x ^ (x >>> 15)) & (COUNT - 1)];
      if (k + 1 < out.length) out[k + 1] = levels[x >>> 20];
    }
  };
}
