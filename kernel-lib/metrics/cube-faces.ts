/** @file The six faces of a cube around a full sphere: what a 360° picture looks like in six directions. */
import { expectShape, type Tensor } from "../core/tensor.js";

/** The faces, each with the directions of its middle, its right and its up: x right, y up, z ahead. */
const FACES = {
  front: [
    [0, 0, 1],
    [1, 0, 0],
    [0, 1, 0],
  ],
  right: [
    [1, 0, 0],
    [0, 0, -1],
    [0, 1, 0],
  ],
  back: [
    [0, 0, -1],
    [-1, 0, 0],
    [0, 1, 0],
  ],
  left: [
    [-1, 0, 0],
    [0, 0, 1],
    [0, 1, 0],
  ],
  up: [
    [0, 1, 0],
    [1, 0, 0],
    [0, 0, -1],
  ],
  down: [
    [0, -1, 0],
    [1, 0, 0],
    [0, 0, 1],
  ],
} as const;

/** The name of a cube's face. */
export type CubeFace = keyof typeof FACES;

/** All faces. */
export const CUBE_FACES = Object.keys(FACES) as readonly CubeFace[];

/**
 * Looks at a full sphere in six directions, 90° wide and high each, bilinear.
 * @param panorama [1,3,H,2H] in [0,1], equirectangular; its middle is ahead
 * @param side of a face in pixels; default half the height
 * @returns [1,3,side,side] by face
 * @throws ShapeError for a picture that is not twice as wide as high
 */
export function cubeFaces(panorama: Tensor, side: number = panorama.shape[2] / 2): Readonly<Record<CubeFace, Tensor>> {
  const { data, shape } = panorama;
  expectShape("cubeFaces", panorama, [1, 3, "H", 2 * shape[2]], "a full sphere is twice as wide as high");
  const [, , height, width] = shape;
  const looked = (face: CubeFace): Tensor => {
    const [middle, right, up] = FACES[face];
    const pixels = new Float32Array(3 * side * side);
    for (let k = 0; k < side * side; k++) {
      const [a, b] = [(2 * ((k % side) + 0.5)) / side - 1, 1 - (2 * (Math.floor(k / side) + 0.5)) / side];
      const [x, y, z] = [0, 1, 2].map((axis) => middle[axis] + a * right[axis] + b * up[axis]);
      const column = (Math.atan2(x, z) / (2 * Math.PI) + 0.5) * width - 0.5;
      const row = (0.5 - Math.atan2(y, Math.hypot(x, z)) / Math.PI) * height - 0.5;
      for (let c = 0; c < 3; c++) pixels[c * side * side + k] = bilinear(data.subarray(c * height * width), height, width, row, column);
    }
    return { data: pixels, shape: [1, 3, side, side] };
  };
  return Object.fromEntries(CUBE_FACES.map((face) => [face, looked(face)])) as Record<CubeFace, Tensor>;
}

/** A plane's value between pixels: it goes round in columns and ends in rows. */
function bilinear(plane: Float32Array, height: number, width: number, row: number, column: number): number {
  const [top, left] = [Math.floor(row), Math.floor(column)];
  const [v, u] = [row - top, column - left];
  const at = (y: number, x: number) => plane[Math.min(height - 1, Math.max(0, y)) * width + ((x + width) % width)];
  return (1 - v) * ((1 - u) * at(top, left) + u * at(top, left + 1)) + v * ((1 - u) * at(top + 1, left) + u * at(top + 1, left + 1));
}
