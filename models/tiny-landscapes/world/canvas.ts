/** @file A small painter: polygons, ellipses, lines and glows with soft edges and vertical gradients. */

/** A colour; each channel in [0,1]. */
export type Rgb = readonly [number, number, number];

/** Floating-point RGB that shapes are blended into. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  /** [H,W,3], nominally in [0,1] */
  readonly data: Float32Array;
  /** absent: nobody asks what is seen where */
  readonly mark?: Mark;
}

/** What a shape leaves, besides its colours, in the pixels that it covers by more than half. */
export interface Mark {
  /** [H,W]: the number of what is seen there; 0 for none */
  readonly ids: Uint16Array;
  /** the number of what is painted; absent for paint that hides nothing, such as glows and mist */
  readonly id?: number;
}

/** What fills a shape: a vertical gradient from `top` at row `y0` to `bottom` at row `y1`, at most `alpha` opaque. */
export interface Fill {
  readonly top: Rgb;
  readonly bottom?: Rgb;
  readonly y0?: number;
  readonly y1?: number;
  readonly alpha?: number;
}

/**
 * Writes into `cover` the part of each pixel of one row that a shape covers; (x, y) is the centre of the row's first pixel.
 * A value may lie outside [0,1]. A whole row is one call, because a call per pixel takes most of the time of a drawing.
 */
export type Coverage = (cover: Float32Array, x: number, y: number) => void;

export type Box = readonly [x0: number, y0: number, x1: number, y1: number];
export type Point = readonly [x: number, y: number];

export const createCanvas = (width: number, height: number): Canvas => ({
  width,
  height,
  data: new Float32Array(width * height * 3),
});

export const mix = (a: Rgb, b: Rgb, t: number): Rgb => [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];

/** Blends `fill` into every pixel of `box` by its coverage. */
export function paint(canvas: Canvas, box: Box, coverage: Coverage, fill: Fill): void {
  const { width, height, data, mark: { ids, id } = {} } = canvas;
  const { top, bottom = fill.top, y0 = 0, y1 = height, alpha = 1 } = fill;
  const left = Math.max(0, Math.floor(box[0]));
  const right = Math.min(width, Math.ceil(box[2]));
  const end = Math.min(height, Math.ceil(box[3]));
  if (right <= left) return;
  const cover = new Float32Array(right - left);
  for (let y = Math.max(0, Math.floor(box[1])); y < end; y++) {
    coverage(cover, left + 0.5, y + 0.5);
    const t = clamp((y + 0.5 - y0) / (y1 - y0));
    const r = top[0] + (bottom[0] - top[0]) * t;
    const g = top[1] + (bottom[1] - top[1]) * t;
    const b = top[2] + (bottom[2] - top[2]) * t;
    let k = (y * width + left) * 3;
    for (let i = 0; i < cover.length; i++, k += 3) {
      const covered = cover[i];
      if (covered <= 0) continue;
      const a = alpha * (covered < 1 ? covered : 1);
      data[k] += (r - data[k]) * a;
      data[k + 1] += (g - data[k + 1]) * a;
      data[k + 2] += (b - data[k + 2]) * a;
      if (a > 0.5 && ids && id !== undefined) ids[y * width + left + i] = id;
    }
  }
}

/** Lines per pixel row along which a polygon's edges are sampled. */
const LINES = 8;

/** Fills a polygon that does not cross itself; its corners run clockwise on the screen. */
export function polygon(canvas: Canvas, corners: readonly Point[], fill: Fill): void {
  const xs = corners.map(([x]) => x);
  const ys = corners.map(([, y]) => y);
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  if (x1 <= 0 || x0 >= canvas.width) return;
  const [left, first] = [Math.floor(x0), Math.floor(y0)];
  const wide = Math.ceil(x1) - left + 2;
  // Per row the differences of neighbouring pixels' coverage: each edge opens or closes the polygon where it crosses a line.
  const steps = new Float32Array(wide * (Math.ceil(y1) - first + 1));
  for (const [k, [ax, ay]] of corners.entries()) {
    const [bx, by] = corners[(k + 1) % corners.length];
    const sign = (ay > by ? 1 : -1) / LINES;
    const last = Math.ceil((Math.max(ay, by) - first) * LINES - 0.5);
    for (let line = Math.ceil((Math.min(ay, by) - first) * LINES - 0.5); line < last; line++) {
      const x = ax + ((bx - ax) * (first + (line + 0.5) / LINES - ay)) / (by - ay) - left;
      const i = Math.floor(x);
      const at = Math.floor(line / LINES) * wide + i;
      steps[at] += sign * (1 - x + i);
      steps[at + 1] += sign * (x - i);
    }
  }
  const coverage: Coverage = (cover, x, y) => {
    const row = (y - 0.5 - first) * wide;
    const skipped = x - 0.5 - left;
    let sum = 0;
    for (let i = 0; i < skipped; i++) sum += steps[row + i];
    for (let i = 0; i < cover.length; i++) cover[i] = sum += steps[row + skipped + i];
  };
  paint(canvas, [x0, y0, x1, y1], coverage, { y0, y1, ...fill });
}

/** Fills a triangle; its corners run clockwise on the screen. */
export const triangle = (canvas: Canvas, a: Point, b: Point, c: Point, fill: Fill): void => polygon(canvas, [a, b, c], fill);

/** Fills an axis-aligned rectangle. */
export function rectangle(canvas: Canvas, [x0, y0, x1, y1]: Box, fill: Fill): void {
  const coverage: Coverage = (cover, x, y) => {
    const rows = Math.min(y - y0, y1 - y) + 0.5;
    for (let i = 0; i < cover.length; i++) cover[i] = Math.min(rows, x + i - x0 + 0.5, x1 - x - i + 0.5);
  };
  paint(canvas, [x0 - 1, y0 - 1, x1 + 1, y1 + 1], coverage, { y0, y1, ...fill });
}

/** Fills an ellipse whose edge is `soft` pixels wide, above the row `floor`. */
export function ellipse(canvas: Canvas, [cx, cy]: Point, rx: number, ry: number, fill: Fill, soft = 1, floor = Infinity): void {
  const scale = Math.min(rx, ry) / soft;
  const coverage: Coverage = (cover, x, y) => {
    const dy = ((y - cy) / ry) ** 2;
    const above = floor - y + 0.5;
    for (let i = 0; i < cover.length; i++) cover[i] = Math.min(above, (1 - Math.sqrt(((x + i - cx) / rx) ** 2 + dy)) * scale + 0.5);
  };
  const reach = 1 + 0.5 / scale;
  paint(canvas, [cx - rx * reach, cy - ry * reach, cx + rx * reach, cy + ry * reach], coverage, { y0: cy - ry, y1: cy + ry, ...fill });
}

/** A glow that falls off as a Gaussian of standard deviations (sx, sy) pixels. */
export function glow(canvas: Canvas, [cx, cy]: Point, sx: number, sy: number, fill: Fill): void {
  const columns = Float32Array.from({ length: canvas.width }, (_, x) => Math.exp(-0.5 * ((x + 0.5 - cx) / sx) ** 2));
  const coverage: Coverage = (cover, x, y) => {
    const row = Math.exp(-0.5 * ((y - cy) / sy) ** 2);
    const from = x - 0.5;
    for (let i = 0; i < cover.length; i++) cover[i] = row * columns[from + i];
  };
  paint(canvas, [cx - 3 * sx, cy - 3 * sy, cx + 3 * sx, cy + 3 * sy], coverage, fill);
}

/** A thick line with round ends. */
export function capsule(canvas: Canvas, [x0, y0]: Point, [x1, y1]: Point, radius: number, fill: Fill): void {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const squared = dx * dx + dy * dy;
  const coverage: Coverage = (cover, x, y) => {
    for (let i = 0; i < cover.length; i++) {
      const t = squared ? clamp(((x + i - x0) * dx + (y - y0) * dy) / squared) : 0;
      cover[i] = radius - Math.hypot(x + i - x0 - t * dx, y - y0 - t * dy) + 0.5;
    }
  };
  const reach = radius + 0.5;
  paint(canvas, [Math.min(x0, x1) - reach, Math.min(y0, y1) - reach, Math.max(x0, x1) + reach, Math.max(y0, y1) + reach], coverage, fill);
}

/** Fills everything under the line y = ridge(x), from the line down to row `to`. */
export function under(canvas: Canvas, ridge: (x: number) => number, fill: Fill, to = canvas.height): void {
  const { width } = canvas;
  // Distance to a sloping line is the vertical distance times the cosine of the slope.
  const lines = Float32Array.from({ length: width }, (_, x) => ridge(x + 0.5));
  const cosines = lines.map((y, x) => 1 / Math.hypot(1, lines[Math.min(x + 1, width - 1)] - y));
  const coverage: Coverage = (cover, _, y) => {
    for (let i = 0; i < width; i++) cover[i] = (y - lines[i]) * cosines[i] + 0.5;
  };
  const first = lines.reduce((a, b) => Math.min(a, b));
  paint(canvas, [0, first - 1, width, to], coverage, { y0: first, y1: to, ...fill });
}

/** The picture as bytes, [H,W,3]. */
export function toBytes({ data }: Canvas): Uint8Array {
  const bytes = new Uint8ClampedArray(data.length);
  for (let k = 0; k < data.length; k++) bytes[k] = data[k] * 255;
  return new Uint8Array(bytes.buffer);
}

export const clamp = (x: number): number => (x < 0 ? 0 : x > 1 ? 1 : x);
