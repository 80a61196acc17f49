/** @file A mask from a picture's file, and back. */
import { decodeImage, encodePng } from "../core/image.js";
import { type Tensor, tensor } from "../core/tensor.js";

/**
 * Reads a mask: the brightness of a picture, the mean of red, green and blue. White is the region, black and transparent is not.
 * @param file a path, or the file's bytes: PNG, JPEG, WebP
 * @returns [1,1,H,W] in [0,1]
 * @throws CheckpointError if the file is missing or is no picture
 * @source MultiDiffusion's region_based.py makes each pixel 0 or 1; here grey stays
 */
export async function readMask(file: string | Uint8Array): Promise<Tensor> {
  const { data, shape } = await decodeImage(file); // [1,3,H,W]
  const plane = shape[2] * shape[3];
  const grey = Float32Array.from({ length: plane }, (_, k) => (data[k] + data[k + plane] + data[k + 2 * plane]) / 3);
  return tensor(grey, [1, 1, shape[2], shape[3]]);
}

/** Encodes a mask [1,1,H,W] in [0,1] as a grey PNG of the same size, each value rounded to a 255th. */
export function maskPng({ data, shape: [, , height, width] }: Tensor): Promise<Uint8Array> {
  const grey = data.map((x) => Math.round(255 * x) / 255); // [H·W]
  const rgb = Float32Array.from({ length: 3 * grey.length }, (_, k) => grey[k % grey.length]);
  return encodePng(tensor(rgb, [1, 3, height, width]));
}
