/** @file Crops windows from a panorama's latent, and fuses them back. Windows may wrap around the right and the lower edge. */
import { expectShape, type Shape, stack, type Tensor } from "../../core/tensor.js";
import { expectCovered, type Window } from "./windows.js";

/** Crops a window from a latent: [n,c,H,W] -> [n,c,h,w]. */
export function crop(latent: Tensor, window: Window): Tensor {
  const [n, c, height, width] = latent.shape;
  const part = new Float32Array(n * c * window.height * window.width);
  for (const { at, from, length } of ranges(window, n * c, height, width)) part.set(latent.data.subarray(at, at + length), from);
  return { data: part, shape: [n, c, window.height, window.width] };
}

/** Crops every window: [1,c,H,W] -> [windows,c,h,w]. */
export const cropAll = (latent: Tensor, windows: readonly Window[]): Tensor => stack(windows.map((window) => crop(latent, window)));

/**
 * Averages the windows that cover each latent pixel: [windows,c,h,w] -> [1,c,H,W]. Where they are equal, the result is exactly their value.
 * @param shape the panorama's, [1,c,H,W]
 * @throws ShapeError if a part has another size than its window, RangeError if no window covers a latent pixel
 * @source MultiDiffusion (Bar-Tal et al. 2302.08113), eq. 5 with equal weights
 */
export function fuse(parts: Tensor, windows: readonly Window[], shape: Shape): Tensor {
  const [, c, height, width] = shape;
  const counts = expectCovered("fuse", windows, { height, width }); // [H·W]
  const [{ height: h, width: w }] = windows;
  expectShape("fuse", parts, [windows.length, c, h, w], "crop with the same windows you fuse");
  const sum = new Float64Array(c * height * width);
  for (const [k, window] of windows.entries())
    for (const { at, from, length } of ranges(window, c, height, width))
      for (let x = 0; x < length; x++) sum[at + x] += parts.data[k * c * h * w + from + x];
  return quotient(sum, counts, [1, c, height, width]);
}

/** Sums over the totals of their latent pixel: [c·H·W] and [H·W] -> [1,c,H,W]. A loop, since `from` with a function takes ten times as long. */
function quotient(sums: Float64Array, totals: ArrayLike<number>, shape: Shape): Tensor {
  const data = new Float32Array(sums.length);
  for (let plane = 0; plane < sums.length; plane += totals.length)
    for (let at = 0; at < totals.length; at++) data[plane + at] = sums[plane + at] / totals[at];
  return { data, shape };
}

/**
 * Averages the windows that cover each latent pixel, each by its weights: [windows,c,h,w] -> [1,c,H,W].
 * @param weights of a window's places, the same for all windows, [h·w], or of each window's, [windows·h·w]
 * @throws as fuse; RangeError if the weights at a latent pixel are all 0
 * @source MultiDiffusion (Bar-Tal et al. 2302.08113), eq. 5
 */
export function fuseWeighted(parts: Tensor, windows: readonly Window[], shape: Shape, weights: ArrayLike<number>): Tensor {
  const [, c, height, width] = shape;
  const [{ height: h, width: w }] = windows;
  const weight = (k: number, at: number) => weights[weights.length === h * w ? at : k * h * w + at];
  const total = sumOver(windows, [1, 1, height, width], weight); // [H·W]
  const bare = total.findIndex((sum) => !(sum > 0));
  if (bare >= 0)
    throw new RangeError(
      `fuseWeighted: the weights at latent row ${Math.floor(bare / width)}, column ${bare % width} add up to ${total[bare]}, want more than 0`,
    );
  expectShape("fuseWeighted", parts, [windows.length, c, h, w], "crop with the same windows you fuse");
  const size = c * h * w;
  const sum = sumOver(windows, shape, (k, at, from) => weight(k, at) * parts.data[k * size + from]);
  return quotient(sum, total, [1, c, height, width]);
}

/**
 * The sum at each latent pixel over the windows that cover it: [c·H·W].
 * @param value of window k at place `at` of its [h·w] places, which is number `from` of its [c·h·w]
 */
export function sumOver(
  windows: readonly Window[],
  [, c, height, width]: Shape,
  value: (k: number, at: number, from: number) => number,
): Float64Array {
  const [{ height: h, width: w }] = windows;
  const sum = new Float64Array(c * height * width);
  for (const [k, window] of windows.entries())
    for (const { at, from, length } of ranges(window, c, height, width)) {
      const place = from % (h * w); // a range stays in its plane
      for (let x = 0; x < length; x++) sum[at + x] += value(k, place + x, from + x);
    }
  return sum;
}

/** Rolls the columns to the right by a whole number; what passes the right edge comes back on the left: [n,c,H,W]. */
export function rollColumns({ data, shape }: Tensor, by: number): Tensor {
  const width = shape[shape.length - 1];
  const shift = ((by % width) + width) % width;
  const rolled = new Float32Array(data.length);
  for (let row = 0; row < data.length; row += width) {
    rolled.set(data.subarray(row, row + width - shift), row + shift);
    rolled.set(data.subarray(row + width - shift, row + width), row);
  }
  return { data: rolled, shape };
}

/** A window's rows as contiguous ranges: offset `at` in the panorama, `from` in the window. A row that wraps is two ranges. */
function* ranges(window: Window, planes: number, height: number, width: number): Generator<{ at: number; from: number; length: number }> {
  const first = Math.min(window.width, width - window.left);
  for (let plane = 0; plane < planes; plane++)
    for (let y = 0; y < window.height; y++) {
      const row = (plane * height + ((window.top + y) % height)) * width;
      const from = (plane * window.height + y) * window.width;
      yield { at: row + window.left, from, length: first };
      if (first < window.width) yield { at: row, from: from + first, length: window.width - first };
    }
}
