/** @file Pillow's bicubic resizing: what CLIP's preprocessing and clean-fid were defined with. */
import { type Filter, type Rounding, resize } from "./resample.js";
import type { Tensor } from "./tensor.js";

/** Of the cubic convolution (Keys 1981); Pillow's. */
const A = -0.5;

/**
 * Resizes pictures, bicubic and antialiased.
 * @param image [N,C,H,W], 0 to 255
 * @returns [N,C,height,width]
 * @throws ShapeError for another rank
 * @source Pillow 9.4, libImaging/Resample.c
 */
export const resizeBicubic = (image: Tensor, size: { readonly height: number; readonly width: number }, rounding: Rounding): Tensor =>
  resize("resizeBicubic", image, { ...size, rounding, filter: CUBIC });

const CUBIC: Filter = { support: 2, at: cubic };

function cubic(x: number): number {
  const d = Math.abs(x);
  if (d < 1) return ((A + 2) * d - (A + 3)) * d * d + 1;
  return d < 2 ? (((d - 5) * d + 8) * d - 4) * A : 0;
}
