/** @file Converts images from the networks' range to the one of image files. */
import type { Tensor } from "./tensor.js";

/** Maps images from [-1,1], a decoder's range, to [0,1], clamped. [N,3,H,W] -> [N,3,H,W] */
export const unitImage = ({ data, shape }: Tensor): Tensor => ({ data: data.map((x) => Math.min(1, Math.max(0, (x + 1) / 2))), shape });
