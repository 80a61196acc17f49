/** @file Boxes of objects: their checks, the grid's cells that their corners lie in, and what a crop leaves of them. */
import { brief } from "../core/json.js";
import type { Box } from "./scene.js";

/** The whole picture. */
export const WHOLE: Box = [0, 0, 1, 1];

/** How far float arithmetic may carry a box past the picture's edge. */
const SLACK = 1e-6;

/**
 * The value, if it is a box that lies in the picture.
 * @param place such as layout[2].box
 * @throws RangeError naming the place, what was given and what is wanted
 */
export function checkBox(place: string, value: unknown): Box {
  const fits =
    Array.isArray(value) &&
    value.length === 4 &&
    value.every((x) => typeof x === "number" && x >= 0 && x <= 1) &&
    value[2] > 0 &&
    value[3] > 0 &&
    value[0] + value[2] <= 1 + SLACK &&
    value[1] + value[3] <= 1 + SLACK;
  if (fits) return value as unknown as Box;
  throw new RangeError(
    `${place}: got ${inWords(value)}, want [x, y, width, height] as shares of the picture: x and y from 0, width and height above 0, x + width and y + height at most 1`,
  );
}

// JSON writes NaN and infinity as null.
const inWords = (value: unknown): string =>
  Array.isArray(value) && value.length <= 8 && value.every((x) => typeof x === "number") ? `[${value.join(", ")}]` : brief(value);

/** Rounds to the nearest whole number; a half goes to the even one, as Python's `round` does: 15.5 gives 16, 0.5 gives 0. */
export function roundHalfEven(x: number): number {
  const [below, rest] = [Math.floor(x), x - Math.floor(x)];
  return rest < 0.5 || (rest === 0.5 && below % 2 === 0) ? below : below + 1;
}

/**
 * The cell of an m×m grid that a point lies in, counted row by row from 0. The first and the last cell of a row are half as wide as the others.
 * @param x, y in [0,1]
 * @source Frido, taming/data/conditional_builder/objects_center_points.py, `tokenize_coordinates`
 */
export const cell = (x: number, y: number, m: number): number => roundHalfEven(y * (m - 1)) * m + roundHalfEven(x * (m - 1));

/** The cells of a box's upper left and lower right corner. */
export const cornerCells = ([x, y, width, height]: Box, m: number): [topLeft: number, bottomRight: number] => [
  cell(x, y, m),
  cell(Math.min(x + width, 1), Math.min(y + height, 1), m),
];

/** Whether two boxes have an area in common. */
export const overlap = (a: Box, b: Box): boolean =>
  Math.min(a[0] + a[2], b[0] + b[2]) > Math.max(a[0], b[0]) && Math.min(a[1] + a[3], b[1] + b[3]) > Math.max(a[1], b[1]);

/**
 * A box in the coordinates of a crop that it overlaps. A box that the crop cuts at its left or top keeps its full width or height, at most to the
 * crop's other edge: the models were trained with this.
 * @source Frido, taming/data/conditional_builder/utils.py, `rescale_annotations`
 */
export function cropped([x, y, width, height]: Box, crop: Box): Box {
  const clamp = (v: number) => Math.max(Math.min(v, 1), 0);
  const [left, top] = [clamp((x - crop[0]) / crop[2]), clamp((y - crop[1]) / crop[3])];
  return [left, top, Math.min(width / crop[2], 1 - left), Math.min(height / crop[3], 1 - top)];
}
