/** @file What CLIP sees of a picture. */
import { resizeBicubic } from "../core/bicubic.js";
import { expectShape, type Tensor } from "../core/tensor.js";

/**
 * Bytes, the shorter side resized to `side` (bicubic, as Pillow does it), the middle cut out.
 * @param images [N,3,H,W] in [0,1]; rounded to bytes
 * @returns [N,3,side,side] in [-1,1]
 * @source transformers 4.45, CLIPImageProcessor. Differs: CLIP's mean and deviation are in the graph.
 */
export function clipPixels(images: Tensor, side: number): Tensor {
  expectShape("clipPixels", images, ["N", 3, "H", "W"]);
  const [n, , H, W] = images.shape;
  const scaled = (length: number) => Math.trunc((side * length) / Math.min(H, W));
  const [height, width] = [H <= W ? side : scaled(H), W <= H ? side : scaled(W)];
  const bytes = { data: images.data.map((x) => Math.round(255 * Math.min(1, Math.max(0, x)))), shape: images.shape };
  const { data } = resizeBicubic(bytes, { height, width }, "bytes");
  const [top, left] = [Math.floor((height - side) / 2), Math.floor((width - side) / 2)];
  const out = Float32Array.from({ length: n * 3 * side * side }, (_, at) => {
    const [plane, y, x] = [Math.floor(at / side ** 2), Math.floor(at / side) % side, at % side];
    return (2 * data[(plane * height + top + y) * width + left + x]) / 255 - 1;
  });
  return { data: out, shape: [n, 3, side, side] };
}
