/** @file From a panorama's latent to its windows and back: crop and fuse, around the right edge where a window wraps. */
import { expectShape, type Shape, stack, type Tensor } from "../../core/tensor.js";
import { expectCovered, type Window } from "./windows.js";

/** The window's part of a latent: [n,c,H,W] -> [n,c,h,w]. */
export function crop(latent: Tensor, window: Window): Tensor {
  const [n, c, height, width] = latent.shape;
  const part = new Float32Array(n * c * window.height * window.width);
  for (const { at, from, length } of runs(window, n * c, height, width)) part.set(latent.data.subarray(at, at + length), from);
  return { data: part, shape: [n, c, window.height, window.width] };
}

/** Every window's part, one after the other: [1,c,H,W] -> [windows,c,h,w]. */
export const cropAll = (latent: Tensor, windows: readonly Window[]): Tensor => stack(windows.map((window) => crop(latent, window)));

/**
 * The plain average of all windows over each latent pixel: [windows,c,h,w] -> [1,c,H,W]. Where all windows agree, exactly what they agree on.
 * @param shape the panorama's, [1,c,H,W]
 * @throws ShapeError where a part is not its window's size, RangeError where a latent pixel is covered by none
 * @source MultiDiffusion (Bar-Tal et al. 2302.08113), eq. 5 with equal weights
 */
export function fuse(parts: Tensor, windows: readonly Window[], shape: Shape): Tensor {
  const [, c, height, width] = shape;
  const counts = expectCovered("fuse", windows, { height, width }); // [H·W]
  const [{ height: h, width: w }] = windows;
  expectShape("fuse", parts, [windows.length, c, h, w], "crop with the same windows you fuse");
  const sum = new Float64Array(c * height * width);
  for (const [k, window] of windows.entries())
    for (const { at, from, length } of runs(window, c, height, width))
      for (let x = 0; x < length; x++) sum[at + x] += parts.data[k * c * h * w + from + x];
  return { data: Float32Array.from(sum, (total, k) => total / counts[k % counts.length]), shape: [1, c, height, width] };
}

/** A window's rows as runs of neighbours: `at` in the panorama's planes, `from` in the window's. A row that wraps is two runs. */
function* runs(window: Window, planes: number, height: number, width: number): Generator<{ at: number; from: number; length: number }> {
  const first = Math.min(window.width, width - window.left);
  for (let plane = 0; plane < planes; plane++)
    for (let y = 0; y < window.height; y++) {
      const row = (plane * height + window.top + y) * width;
      const from = (plane * window.height + y) * window.width;
      yield { at: row + window.left, from, length: first };
      if (first < window.width) yield { at: row, from: from + first, length: window.width - first };
    }
}
