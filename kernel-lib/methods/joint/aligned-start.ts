/** @file A start whose windows resemble each other: one window's noise lies under all of them. */
import { expectShape, type Tensor } from "../../core/tensor.js";

/**
 * slerp(z, tile(z_0), share): the panorama's noise turned towards one window's noise, repeated over the panorama. One angle θ holds for the whole tensor:
 * sin((1−share)·θ)/sin θ · z + sin(share·θ)/sin θ · tile(z_0), so that the result is about as long as noise.
 * @param noise z, [1,c,H,W]
 * @param patch z_0, [1,c,h,w]
 * @param share in [0,1]: 0 leaves z as it is, 1 is the repeated window
 * @throws ShapeError for another number of channels; RangeError for a share outside [0,1]
 * @source GVCFDiffusion eb9b0ed, diffusion.py `text2panorama` (slerp)
 */
export function alignedStart(noise: Tensor, patch: Tensor, share: number): Tensor {
  const [, c, height, width] = noise.shape;
  expectShape("alignedStart: patch", patch, [1, c, "h", "w"], "give one window's noise");
  if (!(share >= 0 && share <= 1)) throw new RangeError(`alignedStart: share ${share}, want a number from 0 to 1`);
  const [, , h, w] = patch.shape;
  const tiled = noise.data.map((_, k) => {
    const [plane, y, x] = [Math.floor(k / (height * width)), Math.floor(k / width) % height, k % width];
    return patch.data[(plane * h + (y % h)) * w + (x % w)];
  });
  let [dot, a, b] = [0, 0, 0];
  for (const [k, x] of noise.data.entries()) {
    dot += x * tiled[k];
    a += x * x;
    b += tiled[k] * tiled[k];
  }
  const angle = Math.acos(Math.min(1, Math.max(-1, dot / Math.sqrt(a * b))));
  const [own, shared] = [Math.sin((1 - share) * angle) / Math.sin(angle), Math.sin(share * angle) / Math.sin(angle)];
  return { data: noise.data.map((x, k) => own * x + shared * tiled[k]), shape: noise.shape };
}
