/** @file Measures of sharpness and of reconstruction error. Images are [N,3,H,W] in [-1,1]. */
import type { Tensor } from "../../../kernel-lib/core/tensor.js";
import { rows } from "../../../kernel-lib/core/tensor.js";
import { mean } from "./statistics.js";

/** Per pixel, the sum over channels of its squared differences to the pixel at its right and to the one below: [N,(H−1)·(W−1)]. */
function squaredGradients({ data, shape: [N, C, H, W] }: Tensor): Float32Array[] {
  return Array.from({ length: N }, (_, n) => {
    const out = new Float32Array((H - 1) * (W - 1));
    for (let c = 0; c < C; c++)
      for (let y = 0; y < H - 1; y++)
        for (let x = 0; x < W - 1; x++) {
          const k = ((n * C + c) * H + y) * W + x;
          const [dx, dy] = [clamped(data[k + 1]) - clamped(data[k]), clamped(data[k + W]) - clamped(data[k])];
          out[y * (W - 1) + x] += dx * dx + dy * dy;
        }
    return out;
  });
}

const clamped = (x: number): number => Math.min(1, Math.max(-1, x));

/**
 * Mean squared gradient. Unlike the mean gradient it sees blur: an edge that is spread over n pixels has the same total variation and 1/n of the
 * squares.
 */
export const meanSquaredGradient = (images: Tensor): number =>
  mean(squaredGradients(images).map((each) => each.reduce((sum, x) => sum + x, 0) / each.length));

/** Share of an image's total gradient magnitude that lies in its strongest 5 % of pixels, mean over the images. */
export const strongestShare = (images: Tensor): number =>
  mean(
    squaredGradients(images).map((each) => {
      const magnitudes = each.map(Math.sqrt).sort();
      const total = magnitudes.reduce((sum, x) => sum + x, 0);
      return magnitudes.subarray(Math.floor(0.95 * magnitudes.length)).reduce((sum, x) => sum + x, 0) / total;
    }),
  );

/** Mean over the images of their PSNR, dB; a range of 2. */
export const meanPsnr = (images: Tensor, others: Tensor): number =>
  mean(
    Array.from({ length: images.shape[0] }, (_, n) => {
      const [a, b] = [rows(images, n, n + 1).data, rows(others, n, n + 1).data];
      return 10 * Math.log10(4 / (a.reduce((sum, x, k) => sum + (x - clamped(b[k])) ** 2, 0) / a.length));
    }),
  );
