/** @file A small painter: convex and round shapes with soft, analytically covered edges and vertical gradients. */

/** A colour; each channel in [0,1]. */
export type Rgb = readonly [number, number, number];

/** Floating-point RGB that shapes are blended into. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  /** [H,W,3], nominally in [0,1] */
  readonly data: Float32Array;
}

/** What fills a shape: a vertical gradient from `top` at row `y0` to `bottom` at row `y1`, at most `alpha` opaque. */
export interface Fill {
  readonly top: Rgb;
  readonly bottom?: Rgb;
  readonly y0?: number;
  readonly y1?: number;
  readonly alpha?: number;
}

/** The part of a pixel at (x, y) that a shape covers, or more than 1 or less than 0 well inside or outside. */
export type Coverage = (x: number, y: number) => number;

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
  const { width, height, data } = canvas;
  const { top, bottom = fill.top, y0 = 0, y1 = height, alpha = 1 } = fill;
  const left = Math.max(0, Math.floor(box[0]));
  const right = Math.min(width, Math.ceil(box[2]) + 1);
  const end = Math.min(height, Math.ceil(box[3]) + 1);
  for (let y = Math.max(0, Math.floor(box[1])); y < end; y++) {
    const t = clamp((y + 0.5 - y0) / (y1 - y0));
    const r = top[0] + (bottom[0] - top[0]) * t;
    const g = top[1] + (bottom[1] - top[1]) * t;
    const b = top[2] + (bottom[2] - top[2]) * t;
    for (let x = left; x < right; x++) {
      const covered = coverage(x + 0.5, y + 0.5);
      if (covered <= 0) continue;
      const a = alpha * (covered < 1 ? covered : 1);
      const k = (y * width + x) * 3;
      data[k] += (r - data[k]) * a;
      data[k + 1] += (g - data[k + 1]) * a;
      data[k + 2] += (b - data[k + 2]) * a;
    }
  }
}

/** Coverage of a convex polygon whose corners run clockwise on the screen. */
export function convex(corners: readonly Point[]): Coverage {
  // Flat [nx, ny, offset] rows: this loop runs for every pixel of every shape.
  const edges = Float64Array.from(
    corners.flatMap(([x0, y0], k) => {
      const [x1, y1] = corners[(k + 1) % corners.length];
      const length = Math.hypot(x1 - x0, y1 - y0);
      const [nx, ny] = [(y0 - y1) / length, (x1 - x0) / length];
      return [nx, ny, nx * x0 + ny * y0];
    }),
  );
  return (x, y) => {
    let inside = Infinity;
    for (let k = 0; k < edges.length; k += 3) {
      const distance = edges[k] * x + edges[k + 1] * y - edges[k + 2];
      if (distance < inside) inside = distance;
    }
    return inside + 0.5;
  };
}

/** Fills a convex polygon (clockwise corners), cut away where `cut` covers nothing. */
export function polygon(canvas: Canvas, corners: readonly Point[], fill: Fill, cut?: Coverage): void {
  const xs = corners.map(([x]) => x);
  const ys = corners.map(([, y]) => y);
  const box: Box = [Math.min(...xs) - 1, Math.min(...ys) - 1, Math.max(...xs) + 1, Math.max(...ys) + 1];
  const inside = convex(corners);
  paint(canvas, box, cut ? (x, y) => Math.min(inside(x, y), cut(x, y)) : inside, {
    y0: Math.min(...ys),
    y1: Math.max(...ys),
    ...fill,
  });
}

/** Fills an axis-aligned rectangle. */
export function rectangle(canvas: Canvas, [x0, y0, x1, y1]: Box, fill: Fill): void {
  const coverage: Coverage = (x, y) => Math.min(x - x0, x1 - x, y - y0, y1 - y) + 0.5;
  paint(canvas, [x0 - 1, y0 - 1, x1 + 1, y1 + 1], coverage, { y0, y1, ...fill });
}

/** Fills an ellipse whose edge is `soft` pixels wide. */
export function ellipse(canvas: Canvas, [cx, cy]: Point, rx: number, ry: number, fill: Fill, soft = 1, cut?: Coverage): void {
  const scale = Math.min(rx, ry) / soft;
  const round: Coverage = (x, y) => (1 - Math.sqrt(((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2)) * scale + 0.5;
  const reach = 1 + 0.5 / scale;
  const box: Box = [cx - rx * reach, cy - ry * reach, cx + rx * reach, cy + ry * reach];
  paint(canvas, box, cut ? (x, y) => Math.min(round(x, y), cut(x, y)) : round, { y0: cy - ry, y1: cy + ry, ...fill });
}

/** A glow that falls off as a Gaussian of standard deviations (sx, sy) pixels. */
export function glow(canvas: Canvas, [cx, cy]: Point, sx: number, sy: number, fill: Fill): void {
  const box: Box = [cx - 3 * sx, cy - 3 * sy, cx + 3 * sx, cy + 3 * sy];
  paint(canvas, box, (x, y) => Math.exp(-0.5 * (((x - cx) / sx) ** 2 + ((y - cy) / sy) ** 2)), fill);
}

/** A thick line with round ends. */
export function capsule(canvas: Canvas, [x0, y0]: Point, [x1, y1]: Point, radius: number, fill: Fill): void {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const squared = dx * dx + dy * dy;
  const box: Box = [Math.min(x0, x1) - radius, Math.min(y0, y1) - radius, Math.max(x0, x1) + radius, Math.max(y0, y1) + radius];
  paint(
    canvas,
    box,
    (x, y) => {
      const t = squared ? clamp(((x - x0) * dx + (y - y0) * dy) / squared) : 0;
      return radius - Math.hypot(x - x0 - t * dx, y - y0 - t * dy) + 0.5;
    },
    fill,
  );
}

/** Fills everything under the line y = ridge(x), from the line down to row `to`. */
export function under(canvas: Canvas, ridge: (x: number) => number, fill: Fill, to = canvas.height): void {
  const { width } = canvas;
  // Distance to a sloping line is the vertical distance times the cosine of the slope.
  const lines = Float32Array.from({ length: width }, (_, x) => ridge(x + 0.5));
  const cosines = lines.map((y, x) => 1 / Math.hypot(1, lines[Math.min(x + 1, width - 1)] - y));
  const coverage: Coverage = (x, y) => (y - lines[Math.floor(x)]) * cosines[Math.floor(x)] + 0.5;
  const first = lines.reduce((a, b) => Math.min(a, b));
  paint(canvas, [0, first - 1, width, to], coverage, { y0: first, y1: to, ...fill });
}

/** The picture as bytes, [H,W,3]. */
export function toBytes({ data }: Canvas): Uint8Array {
  const bytes = new Uint8Array(data.length);
  for (let k = 0; k < data.length; k++) bytes[k] = Math.round(clamp(data[k]) * 255);
  return bytes;
}

export const clamp = (x: number): number => (x < 0 ? 0 : x > 1 ? 1 : x);
