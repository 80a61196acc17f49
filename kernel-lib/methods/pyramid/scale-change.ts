/** @file Moves maps between the resolutions of a pyramid, and puts stages' channels into a latent. Pure. */
import { expectShape, type Tensor } from "../../core/tensor.js";

/** Channels [from, to) of x [N,C,h,w]. */
export function channelsOf({ data, shape: [N, C, h, w] }: Tensor, from: number, to: number): Tensor {
  const size = h * w;
  const out = new Float32Array(N * (to - from) * size);
  for (let n = 0; n < N; n++) out.set(data.subarray((n * C + from) * size, (n * C + to) * size), n * (to - from) * size);
  return { data: out, shape: [N, to - from, h, w] };
}

/** x [N,C,h,w] with the channels from `from` on replaced by part [N,c,h,w]. */
export function withChannels(x: Tensor, from: number, part: Tensor): Tensor {
  const [N, C, h, w] = x.shape;
  const c = part.shape[1];
  expectShape("withChannels: part", part, [N, c, h, w]);
  const data = Float32Array.from(x.data);
  for (let n = 0; n < N; n++) data.set(part.data.subarray(n * c * h * w, (n + 1) * c * h * w), (n * C + from) * h * w);
  return { data, shape: x.shape };
}

/** The channels of a [N,C,h,w], then those of b [N,c,h,w]. */
export function joined(a: Tensor, b: Tensor): Tensor {
  const [N, C, h, w] = a.shape;
  expectShape("joined", b, [N, "c", h, w]);
  const shape = [N, C + b.shape[1], h, w];
  const [one, two, size] = [C * h * w, b.shape[1] * h * w, shape[1] * h * w];
  const data = new Float32Array(N * size);
  for (let n = 0; n < N; n++) {
    data.set(a.data.subarray(n * one, (n + 1) * one), n * size);
    data.set(b.data.subarray(n * two, (n + 1) * two), n * size + one);
  }
  return { data, shape };
}

/** The mean of every side × side pixels: [N,C,h,w] -> [N,C,h/side,w/side]. */
export const pooled = (x: Tensor, side: number): Tensor =>
  resized(x, side, (block) => block.reduce((sum, value) => sum + value, 0) / block.length);

/** The upper left of every side × side pixels: [N,C,h,w] -> [N,C,h/side,w/side]. Unlike means, it leaves standard normal noise as it is. */
export const upperLeft = (x: Tensor, side: number): Tensor => resized(x, side, ([first]) => first);

/** Every pixel side × side times: [N,C,h,w] -> [N,C,side·h,side·w]. */
export function repeated(x: Tensor, side: number): Tensor {
  if (side === 1) return x;
  const [N, C, h, w] = x.shape;
  const [H, W] = [side * h, side * w];
  const data = new Float32Array(N * C * H * W);
  for (let map = 0; map < N * C; map++)
    for (let y = 0; y < H; y++)
      for (let column = 0; column < W; column++)
        data[(map * H + y) * W + column] = x.data[(map * h + Math.floor(y / side)) * w + Math.floor(column / side)];
  return { data, shape: [N, C, H, W] };
}

/** One number for every side × side pixels, row by row. */
function resized(x: Tensor, side: number, one: (block: readonly number[]) => number): Tensor {
  if (side === 1) return x;
  const [N, C, H, W] = x.shape;
  const [h, w] = [H / side, W / side];
  const data = new Float32Array(N * C * h * w);
  for (let map = 0; map < N * C; map++)
    for (let y = 0; y < h; y++)
      for (let column = 0; column < w; column++) {
        const block: number[] = [];
        for (let dy = 0; dy < side; dy++)
          for (let dx = 0; dx < side; dx++) block.push(x.data[(map * H + y * side + dy) * W + column * side + dx]);
        data[(map * h + y) * w + column] = one(block);
      }
  return { data, shape: [N, C, h, w] };
}
