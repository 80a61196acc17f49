/** @file The power spectrum of a map: how much of it is coarse, and how much is fine. */
import { expectShape, type Tensor } from "../core/tensor.js";

/** Power by frequency. */
export interface PowerSpectrum {
  /** cycles per pixel at the middle of each band, from 0 to about 0.7 */
  readonly frequency: readonly number[];
  /** mean power of a coefficient in each band: 1 everywhere for white noise of deviation 1 */
  readonly power: readonly number[];
}

/** Which columns are looked at, and how finely. */
export interface PowerSpectrumOptions {
  /** first column; default 0 */
  readonly left?: number;
  /** columns; default all from `left` on */
  readonly width?: number;
  /** bands of equal width; default 8 */
  readonly bands?: number;
}

/**
 * Mean power of the orthonormal cosine transform (DCT-II) in bands of frequency, over rows, channels and entries. The transform continues a map by its
 * mirror image, so that its edges add no power of their own, and keeps the sum of squares.
 * @param map [N,C,H,W], such as a latent
 * @throws ShapeError for another rank, RangeError for columns that the map does not have
 */
export function powerSpectrum(map: Tensor, options: PowerSpectrumOptions = {}): PowerSpectrum {
  expectShape("powerSpectrum", map, ["N", "C", "H", "W"]);
  const [N, C, H, W] = map.shape;
  const { left = 0, width = W - left, bands = 8 } = options;
  if (!(Number.isInteger(left) && Number.isInteger(width) && left >= 0 && width >= 2 && left + width <= W))
    throw new RangeError(`powerSpectrum: ${width} columns from ${left} on; want at least 2 of ${W}`);
  const [down, across] = [cosines(H), cosines(width)];
  const [sums, counts] = [new Float64Array(bands), new Float64Array(bands)];
  for (let plane = 0; plane < N * C; plane++) {
    const at = (y: number, x: number) => map.data[(plane * H + y) * W + left + x];
    const rows = Array.from({ length: H }, (_, y) => across.map((cosine) => cosine.reduce((sum, c, x) => sum + c * at(y, x), 0))); // [H,width]
    for (let v = 0; v < H; v++)
      for (let u = 0; u < width; u++) {
        const coefficient = down[v].reduce((sum, c, y) => sum + c * rows[y][u], 0);
        const frequency = Math.hypot(v / (2 * H), u / (2 * width));
        const band = Math.min(bands - 1, Math.floor((frequency / Math.SQRT1_2) * bands));
        sums[band] += coefficient ** 2;
        counts[band]++;
      }
  }
  return {
    frequency: Array.from({ length: bands }, (_, k) => ((k + 0.5) / bands) * Math.SQRT1_2),
    power: Array.from(sums, (sum, k) => sum / counts[k]),
  };
}

/** Rows of the orthonormal DCT-II. */
const cosines = (n: number): readonly (readonly number[])[] =>
  Array.from({ length: n }, (_, k) =>
    Array.from({ length: n }, (_, x) => Math.sqrt((k === 0 ? 1 : 2) / n) * Math.cos((Math.PI * (x + 0.5) * k) / n)),
  );
