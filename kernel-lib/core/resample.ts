/** @file Pillow's resizing: a filter along rows, then along columns; a smaller picture averages over more pixels. */
import type { Tensor } from "./tensor.js";
import { expectShape } from "./tensor.js";

/** Fraction bits of Pillow's integer weights. */
const BITS = 22;

/** A filter: how far it reaches to each side of an enlarged picture, in pixels, and its value at a distance. */
export interface Filter {
  readonly support: number;
  at(distance: number): number;
}

/** "bytes": each pass is rounded to bytes with Pillow's integer weights; "floats": nothing is rounded, as in clean-fid. Both end in 0 to 255. */
export type Rounding = "bytes" | "floats";

/** The weights of one output pixel and the first input pixel that they belong to. */
interface Taps {
  readonly first: number;
  readonly weights: Float64Array;
}

/**
 * Resizes pictures, antialiased: first along rows, then along columns.
 * @param who in errors
 * @param image [N,C,H,W], 0 to 255
 * @returns [N,C,height,width]
 * @throws ShapeError for another rank
 * @source Pillow 9.4, libImaging/Resample.c
 */
export function resize(
  who: string,
  image: Tensor,
  {
    height,
    width,
    rounding,
    filter,
  }: { readonly height: number; readonly width: number; readonly rounding: Rounding; readonly filter: Filter },
): Tensor {
  expectShape(who, image, ["N", "C", "H", "W"]);
  const [N, C, H, W] = image.shape;
  const across = resample(image.data, { lines: N * C * H, from: W, to: width, step: 1, line: (k) => k * W, filter }, rounding); // [N,C,H,width]
  const column = (k: number) => Math.floor(k / width) * H * width + (k % width);
  const down = resample(across, { lines: N * C * width, from: H, to: height, step: width, line: column, filter }, rounding); // a column a row
  const data = Float32Array.from(down, (_, at) => {
    const [plane, y, x] = [Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width];
    return Math.min(255, Math.max(0, down[(plane * width + x) * height + y]));
  });
  return { data, shape: [N, C, height, width] };
}

interface Lines {
  readonly lines: number;
  readonly from: number;
  readonly to: number;
  /** between neighbours of a line */
  readonly step: number;
  /** where a line begins */
  readonly line: (k: number) => number;
  readonly filter: Filter;
}

/** Every line at its new length, one after the other. */
function resample(data: ArrayLike<number>, { lines, from, to, step, line, filter }: Lines, rounding: Rounding): Float64Array {
  const taps = tapsOf(from, to, filter);
  const out = new Float64Array(lines * to);
  for (let k = 0; k < lines; k++) {
    const begin = line(k);
    for (const [j, { first, weights }] of taps.entries()) {
      let sum = 0;
      if (rounding === "floats") for (let t = 0; t < weights.length; t++) sum += weights[t] * data[begin + (first + t) * step];
      else {
        for (let t = 0; t < weights.length; t++)
          sum += Math.trunc(weights[t] * 2 ** BITS + Math.sign(weights[t]) / 2) * data[begin + (first + t) * step];
        sum = Math.min(255, Math.max(0, Math.floor((sum + 2 ** (BITS - 1)) / 2 ** BITS)));
      }
      out[k * to + j] = sum;
    }
  }
  return out;
}

function tapsOf(from: number, to: number, { support, at }: Filter): readonly Taps[] {
  const scale = from / to;
  const stretch = Math.max(1, scale); // a smaller picture averages over more pixels
  return Array.from({ length: to }, (_, j) => {
    const centre = (j + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support * stretch + 0.5));
    const end = Math.min(from, Math.trunc(centre + support * stretch + 0.5));
    const raw = Float64Array.from({ length: end - first }, (_, t) => at((first + t - centre + 0.5) / stretch));
    const total = raw.reduce((a, b) => a + b, 0);
    return { first, weights: raw.map((weight) => weight / total) };
  });
}
