/** @file Pillow's bicubic resizing: what CLIP's preprocessing and clean-fid were defined with. */
import type { Tensor } from "./tensor.js";
import { expectShape } from "./tensor.js";

/** Of the cubic convolution (Keys 1981); Pillow's. */
const A = -0.5;
/** Pixels that the filter reaches to each side of an enlarged picture. */
const SUPPORT = 2;
/** Fraction bits of Pillow's integer weights. */
const BITS = 22;

/** "bytes": each pass is rounded to bytes with Pillow's integer weights; "floats": nothing is rounded, as in clean-fid. Both end in 0 to 255. */
export type Rounding = "bytes" | "floats";

/** The weights of one output pixel and the first input pixel that they belong to. */
interface Taps {
  readonly first: number;
  readonly weights: Float64Array;
}

/**
 * Resizes pictures, bicubic and antialiased: first along rows, then along columns.
 * @param image [N,C,H,W], 0 to 255
 * @returns [N,C,height,width]
 * @throws ShapeError for another rank
 * @source Pillow 9.4, libImaging/Resample.c
 */
export function resizeBicubic(
  image: Tensor,
  { height, width }: { readonly height: number; readonly width: number },
  rounding: Rounding,
): Tensor {
  expectShape("resizeBicubic", image, ["N", "C", "H", "W"]);
  const [N, C, H, W] = image.shape;
  const across = resample(image.data, { lines: N * C * H, from: W, to: width, step: 1, line: (k) => k * W }, rounding); // [N,C,H,width]
  const column = (k: number) => Math.floor(k / width) * H * width + (k % width);
  const down = resample(across, { lines: N * C * width, from: H, to: height, step: width, line: column }, rounding); // a column a row
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
}

/** Every line at its new length, one after the other. */
function resample(data: ArrayLike<number>, { lines, from, to, step, line }: Lines, rounding: Rounding): Float64Array {
  const taps = tapsOf(from, to);
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

function tapsOf(from: number, to: number): readonly Taps[] {
  const scale = from / to;
  const stretch = Math.max(1, scale); // a smaller picture averages over more pixels
  return Array.from({ length: to }, (_, j) => {
    const centre = (j + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - SUPPORT * stretch + 0.5));
    const end = Math.min(from, Math.trunc(centre + SUPPORT * stretch + 0.5));
    const raw = Float64Array.from({ length: end - first }, (_, t) => cubic((first + t - centre + 0.5) / stretch));
    const total = raw.reduce((a, b) => a + b, 0);
    return { first, weights: raw.map((weight) => weight / total) };
  });
}

function cubic(x: number): number {
  const d = Math.abs(x);
  if (d < 1) return ((A + 2) * d - (A + 3)) * d * d + 1;
  return d < 2 ? (((d - 5) * d + 8) * d - 4) * A : 0;
}
