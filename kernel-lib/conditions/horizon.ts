/** @file A horizon as a condition: a white line on black, as ControlNets for skylines see it. */
import { expectShape, type Tensor, tensor } from "../core/tensor.js";

/** Options of `horizon`. */
export interface HorizonOptions {
  /** of the picture, in pixels */
  readonly width: number;
  readonly height: number;
  /** thickness of the line, in pixels; default 3 */
  readonly line?: number;
  /** "wrap": the last point goes on to the first, as the panorama does; default "open": the first lies at the left edge and the last at the right one */
  readonly edge?: "open" | "wrap";
}

/**
 * Draws a horizon through points that are evenly apart, with straight lines between them.
 * @param points heights as shares of the picture's height, from 0, the lower edge, to 1, the upper edge; at least one
 * @returns [1,1,H,W] of 0 and 1
 * @throws RangeError for points outside [0,1], or a size or a thickness that is none
 */
export function horizon(points: readonly number[], { width, height, line = 3, edge = "open" }: HorizonOptions): Tensor {
  return lineThrough(horizonRows("horizon", points, { width, height, edge }), { width, height, line, edge });
}

/** The row of a horizon in each column, [W], from 0 at the upper edge; not rounded. */
export function horizonRows(
  who: string,
  points: readonly number[],
  { width, height, edge = "open" }: Omit<HorizonOptions, "line">,
): readonly number[] {
  for (const [name, value] of Object.entries({ width, height }))
    if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${who}: ${name} ${value}, want a whole number of pixels`);
  const wrong = points.find((y) => !(y >= 0 && y <= 1));
  if (points.length === 0 || wrong !== undefined)
    throw new RangeError(`${who}: got ${points.length === 0 ? "no points" : wrong}, want heights from 0, the lower edge, to 1`);
  const n = points.length;
  const place = (x: number) => (edge === "wrap" ? (x * n) / width : width === 1 ? 0 : (x * (n - 1)) / (width - 1));
  return Array.from({ length: width }, (_, x) => {
    const at = place(x);
    const k = Math.floor(at);
    const [a, b] = [points[k % n], points[edge === "wrap" ? (k + 1) % n : Math.min(k + 1, n - 1)]];
    return (1 - (a + (at - k) * (b - a))) * (height - 1);
  });
}

/**
 * The horizon of a picture that is light where the sky is, or white where the ground is: the first place, from above, at which brightness passes 1/2.
 * @param image [1,3,H,W] or [1,1,H,W] in [0,1]
 * @returns the line, [1,1,H,W] of 0 and 1; a column that never passes 1/2 has none
 */
export function horizonOf(image: Tensor): Tensor {
  expectShape("horizonOf", image, [1, image.shape[1] === 1 ? 1 : 3, "H", "W"]);
  const [, , height, width] = image.shape;
  return lineThrough(upperEdge(image), { width, height, edge: "open" });
}

/** The row in each column from which on brightness is on the other side of 1/2 than in the row above, [W]; the picture's height where there is none. */
export function upperEdge({ data, shape: [, channels, height, width] }: Tensor): readonly number[] {
  const n = height * width;
  const light = (y: number, x: number) => {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += data[c * n + y * width + x];
    return sum / channels >= 0.5;
  };
  return Array.from({ length: width }, (_, x) => {
    for (let y = 1; y < height; y++) if (light(y, x) !== light(y - 1, x)) return y;
    return height;
  });
}

/**
 * A line through a row of each column, [W], from 0 at the upper edge. Between two columns it is closed: a steep line has no gaps. A column whose row is
 * the height or more has none.
 * @returns [1,1,H,W] of 0 and 1
 */
export function lineThrough(rows: ArrayLike<number>, { width, height, line = 3, edge = "open" }: HorizonOptions): Tensor {
  if (!(line >= 1)) throw new RangeError(`horizon: line ${line}, want a thickness of 1 px or more`);
  const data = new Float32Array(height * width);
  for (let x = 0; x < width; x++) {
    const row = rows[x];
    const before = x === 0 ? (edge === "wrap" ? rows[width - 1] : row) : rows[x - 1];
    if (row >= height) continue;
    const [top, bottom] = before >= height ? [row, row] : [Math.min(row, (row + before) / 2), Math.max(row, (row + before) / 2)];
    const next = x === width - 1 ? (edge === "wrap" ? rows[0] : row) : rows[x + 1];
    const [from, to] = next >= height ? [top, bottom] : [Math.min(top, (row + next) / 2), Math.max(bottom, (row + next) / 2)];
    for (let y = 0; y < height; y++) if (y > from - line / 2 && y < to + line / 2) data[y * width + x] = 1;
  }
  return tensor(data, [1, 1, height, width]);
}
