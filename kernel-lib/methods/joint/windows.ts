/** @file The windows of a panorama: the parts of the latent that the network denoises. */
import { completeGrid, expectTiling, type Grid } from "./tiling.js";
import { aroundOf, type Wrap } from "./wrap.js";

/**
 * A rectangle of the panorama's latent, in latent pixels. If left + width passes the right edge, it continues at column 0; if top + height passes the lower
 * edge, at row 0.
 */
export interface Window {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Height and width of a latent, in latent pixels. */
export interface Extent {
  readonly height: number;
  readonly width: number;
}

/**
 * Places square windows every `stride` latent pixels, row by row from the top left. Where the right edge continues at the
 * left one, each row is a full ring of width / stride windows; the last ones pass the edge, so that every column is covered equally often. So are columns of
 * windows where the lower edge continues at the upper one.
 * @throws RangeError with the nearest values if the windows do not tile the latent
 * @source MultiDiffusion's get_views, whose ring lacks the last windows (SyncDiffusion's loop_closure has window/stride − 2 of them)
 */
export function planWindows(grid: Grid): readonly Window[] {
  expectTiling(grid);
  const { height, width, window, stride, wrap } = completeGrid(grid);
  const around = aroundOf(wrap);
  const every = (end: number) => Array.from({ length: Math.floor((end - 1) / stride) + 1 }, (_, k) => k * stride);
  const tops = every(around.y ? height : height - window + 1);
  const lefts = every(around.x ? width : width - window + 1);
  return tops.flatMap((top) => lefts.map((left) => ({ top, left, height: window, width: window })));
}

/** Whether a window passes the right or the lower edge of a latent. @param height default: no lower edge */
export const wraps = (window: Window, width: number, height = Number.POSITIVE_INFINITY): boolean =>
  window.left + window.width > width || window.top + window.height > height;

/** Describes a window: "window 3 (top 0, left 12, 16×16)". */
export const nameWindow = (windows: readonly Window[], index: number): string => {
  const { top, left, height, width } = windows[index];
  return `window ${index} (top ${top}, left ${left}, ${height}×${width})`;
};

/**
 * The index of the middle window: number floor(n/2) of the n that do not wrap.
 * @throws RangeError if every window wraps
 */
export function middleWindow(windows: readonly Window[], width: number, height?: number): number {
  const open = [...windows.keys()].filter((k) => !wraps(windows[k], width, height));
  if (open.length === 0) throw new RangeError("anchor middle: every window wraps, so none is in the middle; give the anchor's index");
  return open[Math.floor(open.length / 2)];
}

/** Counts the windows that cover each latent pixel, row-major: [height·width]. */
export function windowCoverage(windows: readonly Window[], { height, width }: Extent): Uint32Array {
  const counts = new Uint32Array(height * width);
  for (const window of windows)
    for (let y = window.top; y < window.top + window.height; y++)
      for (let x = 0; x < window.width; x++) counts[(y % height) * width + ((window.left + x) % width)]++;
  return counts;
}

/**
 * Refuses windows that differ in size, leave the latent (except where they wrap), or leave a latent pixel uncovered.
 * @param wrap edges that windows may pass; default "x"
 * @param multiple height and width must be multiples of it, since the network halves a window several times
 * @throws RangeError with the window, or with the uncovered columns
 */
export function checkWindows(windows: readonly Window[], extent: Extent, multiple = 1, wrap: Wrap = "x"): void {
  const around = aroundOf(wrap);
  if (windows.length === 0) throw new RangeError("windows: got none, want at least one");
  const [first] = windows;
  for (const [k, w] of windows.entries()) {
    const at = nameWindow(windows, k);
    if (![w.top, w.left, w.height, w.width].every(Number.isInteger)) throw new RangeError(`${at}: want whole numbers of latent pixels`);
    if (w.height !== first.height || w.width !== first.width)
      throw new RangeError(`${at}: want ${first.height}×${first.width} like window 0; the windows of a run are of one size`);
    if (w.height % multiple !== 0 || w.width % multiple !== 0)
      throw new RangeError(`${at}: want multiples of ${multiple} latent pixels, since the network halves a window`);
    if (w.height < 1 || w.width < 1 || w.height > extent.height || w.width > extent.width)
      throw new RangeError(`${at}: does not fit a latent of ${extent.height}×${extent.width}`);
    if (around.y ? w.top < 0 || w.top >= extent.height : w.top < 0 || w.top + w.height > extent.height)
      throw new RangeError(
        around.y
          ? `${at}: want top from 0 to ${extent.height - 1}`
          : `${at}: want top from 0 to ${extent.height - w.height}, so that it ends inside a latent of ${extent.height} rows`,
      );
    if (!around.x && (w.left < 0 || w.left + w.width > extent.width))
      throw new RangeError(`${at}: want left from 0 to ${extent.width - w.width}, since wrap "${wrap}" does not close the right edge`);
    if (w.left < 0 || w.left >= extent.width)
      throw new RangeError(`${at}: want left from 0 to ${extent.width - 1}; only the right edge may be passed, and then the window wraps`);
  }
  expectCovered("windows", windows, extent);
}

/**
 * Refuses windows that leave a latent pixel uncovered.
 * @returns the number of windows per latent pixel
 * @throws RangeError with the uncovered columns, and the rows if not all rows are affected
 */
export function expectCovered(who: string, windows: readonly Window[], extent: Extent): Uint32Array {
  const counts = windowCoverage(windows, extent);
  if (!counts.includes(0)) return counts;
  const [columns, rows] = [new Set<number>(), new Set<number>()];
  for (const [k, count] of counts.entries()) {
    if (count > 0) continue;
    columns.add(k % extent.width);
    rows.add(Math.floor(k / extent.width));
  }
  const where = rows.size === extent.height ? "" : ` in rows ${ranges(rows)}`;
  throw new RangeError(`${who}: latent columns ${ranges(columns)}${where} are covered by no window; add or move windows until all are`);
}

/** {3,4,5,9} -> "3 to 5, 9" */
function ranges(numbers: Iterable<number>): string {
  const runs: [number, number][] = [];
  for (const n of [...numbers].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && n === last[1] + 1) last[1] = n;
    else runs.push([n, n]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from} to ${to}`)).join(", ");
}
