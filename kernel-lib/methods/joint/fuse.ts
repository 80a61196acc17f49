/** @file Crops windows from a panorama's latent, and fuses them back. Windows may wrap around the right edge. */
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
  return { data: Float32Array.from(sum, (total, k) => total / counts[k % counts.length]), shape: [1, c, height, width] };
}

/** A window's rows as contiguous ranges: offset `at` in the panorama, `from` in the window. A row that wraps is two ranges. */
function* ranges(window: Window, planes: number, height: number, width: number): Generator<{ at: number; from: number; length: number }> {
  const first = Math.min(window.width, width - window.left);
  for (let plane = 0; plane < planes; plane++)
    for (let y = 0; y < window.height; y++) {
      const row = (plane * height + window.top + y) * width;
      const from = (plane * window.height + y) * window.width;
      yield { at: row + window.left, from, length: first };
      if (first < window.width) yield { at: row, from: from + first, length: window.width - first };
    }
}
