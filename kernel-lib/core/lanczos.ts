/** @file Pillow's Lanczos resizing: what diffusers' pipelines resize a ControlNet's condition with. */
import { type Filter, type Rounding, resize } from "./resample.js";
import type { Tensor } from "./tensor.js";

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** sinc(x)·sinc(x/3) up to 3 pixels. */
const LANCZOS: Filter = { support: 3, at: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) };

/**
 * Resizes pictures by Lanczos' filter of three lobes, antialiased.
 * @param image [N,C,H,W], 0 to 255
 * @returns [N,C,height,width]
 * @throws ShapeError for another rank
 * @source Pillow 9.4, libImaging/Resample.c
 */
export const resizeLanczos = (image: Tensor, size: { readonly height: number; readonly width: number }, rounding: Rounding): Tensor =>
  resize("resizeLanczos", image, { ...size, rounding, filter: LANCZOS });
