/** @file From the range that networks speak in to the one that pictures are kept in. */
import type { Tensor } from "./tensor.js";

/** Images from [-1,1], as a decoder gives them, to [0,1]; what lies outside is clamped. [N,3,H,W] -> [N,3,H,W] */
export const unitImage = ({ data, shape }: Tensor): Tensor => ({ data: data.map((x) => Math.min(1, Math.max(0, (x + 1) / 2))), shape });
