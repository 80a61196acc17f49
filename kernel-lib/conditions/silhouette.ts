/** @file A silhouette as a condition: white ground below a horizon, black sky. */
import { expectShape, type Tensor, tensor } from "../core/tensor.js";
import { type HorizonOptions, horizonRows, upperEdge } from "./horizon.js";

/**
 * Fills the picture below a horizon.
 * @param points as in `horizon`
 * @returns [1,1,H,W]: 1 at the horizon and below it, 0 above
 * @throws as `horizon`
 */
export const silhouette = (points: readonly number[], options: Omit<HorizonOptions, "line">): Tensor =>
  filled(horizonRows("silhouette", points, options), options.height);

/** The silhouette of a picture: white below the horizon that `horizonOf` finds. @param image [1,3,H,W] or [1,1,H,W] in [0,1] @returns [1,1,H,W] */
export function silhouetteOf(image: Tensor): Tensor {
  expectShape("silhouetteOf", image, [1, image.shape[1] === 1 ? 1 : 3, "H", "W"]);
  return filled(upperEdge(image), image.shape[2]);
}

const filled = (rows: readonly number[], height: number): Tensor =>
  tensor(
    Float32Array.from({ length: height * rows.length }, (_, k) =>
      Math.floor(k / rows.length) >= Math.round(rows[k % rows.length]) ? 1 : 0,
    ),
    [1, 1, height, rows.length],
  );
