/** @file Tensors at half their height and width, and the gradient back to the whole size. */
import type { Tensor } from "../../core/tensor.js";

/** The mean of each block of 2×2: [n,c,2h,2w] -> [n,c,h,w]. */
export function halfSize({ data, shape: [n, c, H, W] }: Tensor): Tensor {
  const [h, w] = [H / 2, W / 2];
  const half = new Float32Array(n * c * h * w);
  for (let k = 0; k < half.length; k++) {
    const at = 2 * W * Math.floor(k / w) + 2 * (k % w); // the block's upper left; rows of all channels follow one another
    half[k] = (data[at] + data[at + 1] + data[at + W] + data[at + W + 1]) / 4;
  }
  return { data: half, shape: [n, c, h, w] };
}

/** The transpose of `halfSize`, which takes a gradient back: a quarter of each value to the four of its block, [n,c,h,w] -> [n,c,2h,2w]. */
export function halfSizePull({ data, shape: [n, c, h, w] }: Tensor): Tensor {
  const W = 2 * w;
  const whole = new Float32Array(4 * data.length);
  for (const [k, g] of data.entries()) {
    const at = 2 * W * Math.floor(k / w) + 2 * (k % w);
    for (const to of [at, at + 1, at + W, at + W + 1]) whole[to] = g / 4;
  }
  return { data: whole, shape: [n, c, 2 * h, W] };
}
