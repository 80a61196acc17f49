/** @file Which heights, widths, windows and strides tile, and the nearest that do. */

import { aroundOf, type Wrap } from "./wrap.js";

/** A regular grid of square windows. */
export interface Grid {
  /** side of a window, in latent pixels */
  readonly window: number;
  /** of the panorama, in latent pixels; default one window */
  readonly height?: number;
  /** of the panorama, in latent pixels; default six windows */
  readonly width?: number;
  /** distance from one window to the next, in latent pixels, at most the window; default a quarter of the window */
  readonly stride?: number;
  /** whether the right edge continues at the left edge, as `wrap: "x"`; default false */
  readonly loop?: boolean;
  /** edges that continue at the opposite edge; default as `loop` says */
  readonly wrap?: Wrap;
  /** a window must be a multiple of it, since the network halves a window several times; default 1 */
  readonly multiple?: number;
  /** pixels per latent pixel: errors give heights and widths in pixels; default 1 */
  readonly scaleFactor?: number;
}

/** The default size of a panorama, in windows. */
export const PANORAMA = { down: 1, across: 6 } as const;

/** A grid with all defaults filled in. */
export type CompleteGrid = Required<Omit<Grid, "loop">>;

/** Fills in a grid's defaults. */
export function completeGrid(grid: Grid): CompleteGrid {
  const {
    window,
    height = PANORAMA.down * window,
    width = PANORAMA.across * window,
    stride = quarter(window),
    wrap = grid.loop ? "x" : "none",
    multiple = 1,
    scaleFactor = 1,
  } = grid;
  return { window, height, width, stride, wrap, multiple, scaleFactor };
}

/**
 * Refuses a grid whose windows do not tile the panorama: a row of windows must end at the edge, a ring where it began.
 * @throws RangeError with the wrong option, and for each option the nearest values that fit the others (defaults follow the window); for a panorama
 * that is too large for any image reader
 */
export function expectTiling(grid: Grid): void {
  const { height, width, window, stride, multiple, scaleFactor } = completeGrid(grid);
  if (isWhole(window)) expectReadable(height * scaleFactor, width * scaleFactor);
  const px = (extent: number) => `${extent * scaleFactor}${scaleFactor === 1 ? "" : " px"}`;
  const unit = scaleFactor === 1 ? "" : ` latent pixels (${scaleFactor} px each)`;
  const wrong =
    (!isWhole(window) && `window ${window}: want a whole number of latent pixels, at least 1`) ||
    (window % multiple !== 0 && `window ${window}: want a multiple of ${multiple} latent pixels, since the network halves it`) ||
    (!isWhole(stride) && `stride ${stride}: want a whole number of latent pixels, at least 1`) ||
    (stride > window && `stride ${stride}: more than the window, ${window}, so columns between windows would not be covered`) ||
    (!tilesDown(grid) && `height ${px(height)}: windows of ${window} at stride ${stride}${unit} do not tile it`) ||
    (!tilesAcross(grid) && `width ${px(width)}: windows of ${window} at stride ${stride}${unit} do not tile it`);
  if (!wrong) return;

  const changed = (change: Partial<Grid>) => ({ ...grid, ...change });
  const fits = (change: Partial<Grid>) => tilesDown(changed(change)) && tilesAcross(changed(change));
  const most = Number.MAX_SAFE_INTEGER;
  const sound = isWhole(window) && window % multiple === 0 && isWhole(stride) && stride <= window; // otherwise no height or width would tile
  const heights = !sound || tilesDown(grid) ? [] : nearest(height, window, most, (value) => tilesDown(changed({ height: value })));
  const widths = !sound || tilesAcross(grid) ? [] : nearest(width, window, most, (value) => tilesAcross(changed({ width: value })));
  const strides = isWhole(window) && window % multiple === 0 ? nearest(stride, 1, window, (value) => fits({ stride: value })) : [];
  const windows = nearest(window, 1, Math.min(grid.height ?? most, grid.width ?? most), (value) => fits({ window: value }));
  const named = Object.entries({ height: heights.map(px), width: widths.map(px), stride: strides, window: windows });
  const better = named.filter(([, values]) => values.length > 0).map(([name, values]) => `${name} ${values.join(" or ")}`);
  throw new RangeError(better.length > 0 ? `${wrong}; nearest that do: ${better.join("; ")}` : wrong);
}

/**
 * Refuses a height or width that is not a whole number of latent pixels.
 * @throws RangeError with the nearest values in pixels
 */
export function expectWhole(name: "height" | "width", extent: number, scaleFactor: number): void {
  if (isWhole(extent)) return;
  const values = nearest(extent, 1, Number.MAX_SAFE_INTEGER, isWhole).map((value) => value * scaleFactor);
  throw new RangeError(
    `${name} ${extent * scaleFactor} px: want a multiple of ${scaleFactor} px; nearest that are: ${values.join(" or ")} px`,
  );
}

/** Pixels of the largest picture that image readers open: 16383 × 16383, the limit of libvips, which reads and writes ours. */
const READABLE = 16383 ** 2;

/** Refuses a panorama that no reader would open. @throws RangeError with the largest width of that height */
function expectReadable(height: number, width: number): void {
  if (!(height * width > READABLE)) return;
  throw new RangeError(
    `width ${width} px: with a height of ${height} px it is ${(height * width).toLocaleString("en")} pixels, and image readers open at most ${READABLE.toLocaleString("en")}; want a width of at most ${Math.floor(READABLE / height)} px`,
  );
}

const isWhole = (x: number): boolean => Number.isSafeInteger(x) && x >= 1;

const tilesDown = (grid: Grid): boolean => {
  const { height, window, stride, wrap, multiple } = completeGrid(grid);
  return window % multiple === 0 && tiles(height, window, stride, aroundOf(wrap).y ? height : height - window);
};
const tilesAcross = (grid: Grid): boolean => {
  const { width, window, stride, wrap, multiple } = completeGrid(grid);
  return window % multiple === 0 && tiles(width, window, stride, aroundOf(wrap).x ? width : width - window);
};
const tiles = (extent: number, window: number, stride: number, reach: number): boolean =>
  [extent, window, stride].every(isWhole) && stride <= window && window <= extent && reach % stride === 0;

/** The nearest values below and above that are `ok`, within [least, most]: none, one or two, the lower first. */
function nearest(value: number, least: number, most: number, ok: (candidate: number) => boolean): number[] {
  const from = Math.min(Math.max(Number.isFinite(value) ? value : least, least), most);
  // A row of windows fits again after one stride, so the search is short. The bound is for absurd numbers.
  const search = (start: number, by: 1 | -1) => {
    for (let x = start, k = 0; x >= least && x <= most && k < 65536; x += by, k++) if (ok(x)) return [x];
    return [];
  };
  const below = search(Math.floor(from), -1);
  return [...below, ...search(Math.ceil(from), 1).filter((x) => x !== below[0])];
}

/** A quarter of the window; if that is not whole, a fifth, a sixth, … down to a 64th; else 1. */
function quarter(window: number): number {
  for (let parts = 4; parts <= 64; parts++) if (window % parts === 0) return window / parts;
  return 1;
}
