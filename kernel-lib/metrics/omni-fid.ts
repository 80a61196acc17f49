/** @file OmniFID: the Fréchet distance of 360° pictures, by the faces of a cube. */
import type { Tensor } from "../core/tensor.js";
import type { CubeFace } from "./cube-faces.js";
import { frechetDistance } from "./frechet-distance.js";

/**
 * (FID of the upper faces + the mean FID of front, right, back and left + FID of the lower faces)/3: what stands above and below the horizon counts
 * as much as the four sides together.
 * @param a  @param b  features [n,d] of one set's faces each, one picture a row
 * @throws ShapeError, RangeError as `frechetDistance`
 * @source Christensen et al., Geometry Fidelity for Spherical Images, ECCV 2024 (arXiv:2407.18207), section 3
 */
export function omniFid(a: Readonly<Record<CubeFace, Tensor>>, b: Readonly<Record<CubeFace, Tensor>>): number {
  const distance = (face: CubeFace) => frechetDistance(a[face], b[face]);
  const sides = (["front", "right", "back", "left"] as const).map(distance).reduce((sum, x) => sum + x, 0) / 4;
  return (distance("up") + sides + distance("down")) / 3;
}
