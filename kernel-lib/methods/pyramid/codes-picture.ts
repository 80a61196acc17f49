/** @file The codes of a picture as a picture: one colour for each entry of a codebook. */
import type { Tensor } from "../../core/tensor.js";
import type { ScaleCodes } from "../../diffusion/pyramid-model.js";

/** Pixels per code. */
const SIDE = 8;
/** Pixels between the scales. */
const GAP = 8;

/**
 * A code's colour, red, green and blue in [0,1]. Neighbouring codes of a book mean nothing to each other, so hues are spread by the golden angle and
 * lightness takes turns.
 */
export function codeColour(code: number): readonly [number, number, number] {
  const hue = (code * 137.508) % 360;
  const lightness = 0.42 + 0.1 * (code % 4);
  const channel = (n: number) => {
    const k = (n + hue / 30) % 12;
    return lightness - 0.55 * Math.min(lightness, 1 - lightness) * Math.max(-1, Math.min(k - 3, 9 - k, 1));
  };
  return [channel(0), channel(8), channel(4)];
}

/** The codes of the first picture by scale, side by side, coarse first -> [1,3,H,W] in [0,1], 8 pixels for a code at the finest resolution. */
export function codesPicture(codes: Readonly<Record<string, ScaleCodes>>): Tensor {
  const scales = Object.values(codes);
  const [rows, columns] = [Math.max(...scales.map(({ shape }) => shape[1])), Math.max(...scales.map(({ shape }) => shape[2]))];
  const [H, W] = [SIDE * rows, scales.length * SIDE * columns + (scales.length - 1) * GAP];
  const data = new Float32Array(3 * H * W).fill(1);
  for (const [s, { data: values, shape }] of scales.entries()) {
    const [, h, w] = shape;
    for (let y = 0; y < H; y++)
      for (let x = 0; x < SIDE * columns; x++) {
        const colour = codeColour(values[Math.floor((y * h) / H) * w + Math.floor((x * w) / (SIDE * columns))]);
        for (let c = 0; c < 3; c++) data[(c * H + y) * W + s * (SIDE * columns + GAP) + x] = colour[c];
      }
  }
  return { data, shape: [1, 3, H, W] };
}
