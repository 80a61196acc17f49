/** @file The edges of a picture as a condition: Canny's detector. */
import { expectShape, type Tensor, tensor } from "../core/tensor.js";

/** Options of `canny`. Thresholds are of the gradient's size, where the picture is in [0,255]. */
export interface CannyOptions {
  /** an edge below it is dropped; default 100 */
  readonly low?: number;
  /** an edge above it is kept, and with it those above `low` that touch it; default 200 */
  readonly high?: number;
  /** standard deviation of the blur before, in pixels; 0 blurs nothing; default 0, as cv2.Canny */
  readonly blur?: number;
  /** whether the right edge continues at the left one; default "open" */
  readonly edge?: "open" | "wrap";
}

/**
 * White edges on black: blur, Sobel's gradients, thinning along the gradient, hysteresis. A picture of 3 channels is made grey by 0.299 R + 0.587 G + 0.114 B.
 * @param image [1,3,H,W] or [1,1,H,W] in [0,1]
 * @returns [1,1,H,W] of 0 and 1
 * @throws ShapeError for another shape; RangeError for thresholds out of order
 * @source Canny, TPAMI 1986; thresholds of lllyasviel/ControlNet gradio_canny2image.py, which calls cv2.Canny with the sum of both gradients' sizes, as here
 */
export function canny(image: Tensor, { low = 100, high = 200, blur = 0, edge = "open" }: CannyOptions = {}): Tensor {
  expectShape("canny", image, [1, image.shape[1] === 1 ? 1 : 3, "H", "W"]);
  if (!(low >= 0 && high >= low)) throw new RangeError(`canny: low ${low} and high ${high}, want 0 <= low <= high`);
  if (!(blur >= 0)) throw new RangeError(`canny: blur ${blur}, want a number >= 0`);
  const [, , height, width] = image.shape;
  const at = (y: number, x: number) => {
    const column = edge === "wrap" ? (x + width) % width : Math.min(Math.max(x, 0), width - 1);
    return Math.min(Math.max(y, 0), height - 1) * width + column;
  };
  const plane: Plane = { height, width, at };
  const grey = blurred(greyOf(image), blur, plane);
  const [gx, gy] = [sobel(grey, plane, "x"), sobel(grey, plane, "y")];
  const size = gx.map((x, k) => Math.abs(x) + Math.abs(gy[k]));
  return tensor(connected(thinned(size, gx, gy, plane), low, high, plane), [1, 1, height, width]);
}

interface Plane {
  readonly height: number;
  readonly width: number;
  /** index of a place, those beyond an edge among them */
  at(y: number, x: number): number;
}

/** In [0,255]. */
function greyOf({ data, shape: [, channels, height, width] }: Tensor): Float64Array {
  const n = height * width;
  if (channels === 1) return Float64Array.from(data, (x) => 255 * x);
  return Float64Array.from({ length: n }, (_, k) => 255 * (0.299 * data[k] + 0.587 * data[k + n] + 0.114 * data[k + 2 * n]));
}

function blurred(x: Float64Array, sigma: number, { width, at }: Plane): Float64Array {
  if (sigma === 0) return x;
  const reach = Math.ceil(3 * sigma);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, k) => Math.exp(-(((k - reach) / sigma) ** 2) / 2));
  const total = weights.reduce((a, b) => a + b, 0);
  const along = (of: Float64Array, place: (y: number, x: number, by: number) => number) =>
    of.map((_, k) => weights.reduce((sum, w, j) => sum + w * of[place(Math.floor(k / width), k % width, j - reach)], 0) / total);
  return along(
    along(x, (y, c, by) => at(y, c + by)),
    (y, c, by) => at(y + by, c),
  );
}

/** Sobel's gradient along an axis: (1 2 1)ᵀ × (−1 0 1). */
function sobel(g: Float64Array, { width, at }: Plane, axis: "x" | "y"): Float64Array {
  return g.map((_, k) => {
    const [y, x] = [Math.floor(k / width), k % width];
    const difference = (side: number) =>
      axis === "x" ? g[at(y + side, x + 1)] - g[at(y + side, x - 1)] : g[at(y + 1, x + side)] - g[at(y - 1, x + side)];
    return difference(-1) + 2 * difference(0) + difference(1);
  });
}

/** tan 22.5°: within it a gradient counts as along an axis. */
const TAN = Math.tan(Math.PI / 8);

/** Sizes where they are the largest along the gradient, 0 elsewhere; of two equal neighbours the first stays. */
function thinned(size: Float64Array, gx: Float64Array, gy: Float64Array, { width, at }: Plane): Float64Array {
  return size.map((s, k) => {
    const [y, x] = [Math.floor(k / width), k % width];
    const [ax, ay] = [Math.abs(gx[k]), Math.abs(gy[k])];
    const diagonal = gx[k] * gy[k] > 0 ? 1 : -1;
    const [dy, dx] = ay < TAN * ax ? [0, 1] : ax < TAN * ay ? [1, 0] : [1, diagonal];
    return s > size[at(y - dy, x - dx)] && s >= size[at(y + dy, x + dx)] ? s : 0;
  });
}

/** 1 where a size is above `high`, or above `low` and in touch with such a place by places above `low`. */
function connected(size: Float64Array, low: number, high: number, { width, height, at }: Plane): Float32Array {
  const found = new Float32Array(size.length);
  const open: number[] = [];
  const take = (k: number) => {
    if (found[k] === 1 || !(size[k] > low)) return;
    found[k] = 1;
    open.push(k);
  };
  for (const [k, s] of size.entries()) if (s > high) take(k);
  for (let k = open.pop(); k !== undefined; k = open.pop()) {
    const [y, x] = [Math.floor(k / width), k % width];
    for (let dy = -1; dy <= 1; dy++) for (let dx = -1; dx <= 1; dx++) if (y + dy >= 0 && y + dy < height) take(at(y + dy, x + dx));
  }
  return found;
}
