/** @file Plots windows × steps as a heat map under the panorama: each column is at its window's place. */

import { asRgb } from "../../conditions/control.js";
import { ClosedError } from "../../core/errors.js";
import { encodeJpeg } from "../../core/image.js";
import type { Tensor } from "../../core/tensor.js";
import { short } from "../../core/words.js";
import { dataUrl } from "../../pages/html.js";
import type { PlotSpec, PlotTrace } from "../../pages/plot-spec.js";
import { type WindowCell, windowCells } from "../../pages/window-map.js";
import { type Coverage, stripCoverage } from "../../panorama/coverage.js";
import { runIdOf } from "../run-id.js";
import { titled, VIRIDIS_SCALE } from "./look.js";
import { type Figure, type PlotFigure, plot, sentence } from "./plot.js";
import { expectSteps, nothingMeasured, type PlottedStep, rounded, stepsInWords } from "./plotted-steps.js";
import { degreeTicks, stepTicks } from "./strip-ticks.js";

/** A step of a run. A step record also has its latent, which tells the panorama's width, and its preview, the picture. */
export interface StripStep extends PlottedStep {
  /** [1,c,H,W] */
  readonly latent?: Tensor;
  /** [1,3,8H,8W] in [0,1] */
  preview?(): Promise<Tensor>;
}

/** Options of `windowStrip`. */
export interface WindowStripOptions {
  /** the picture above, [1,3,H,W] in [0,1]; "none": no picture; default the last record's preview, if the model is still open */
  readonly panorama?: Tensor | "none";
  /** what a ControlNet follows, [1,3,H,W] or grey [1,1,H,W] in [0,1], as wide as the panorama: a second picture; default none */
  readonly condition?: Tensor;
  /** the panorama's width in pixels; required, with `scaleFactor`, for steps without latents: a saved run's `info` has both */
  readonly width?: number;
  /** pixels per latent pixel */
  readonly scaleFactor?: number;
  /** what the panorama covers, for the axis in degrees; default `stripCoverage`, closed if a window passes the right edge */
  readonly coverage?: Coverage;
  /** unit of the horizontal axis; default "degrees" */
  readonly axis?: "degrees" | "latent";
  /** any text */
  readonly title?: string;
}

/** Top of the heat map under none, one or two pictures, and the room under each picture, as shares of the plot's height. */
const TOPS = [1, 0.7, 0.54] as const;
const GAP = 0.03;

/** Maximum number of cells. A longer run draws every k-th step, and says so. */
const MOST_CELLS = 6000;

/**
 * Plots every window's distance to the anchor in every step, under the panorama. Each column is a window, at its place; each row is a step, the
 * first at the top. A window across the cut of a closed panorama has a piece at either end. Clicking a column chooses its window in all
 * figures of the run. If no step was synchronised, the output is a sentence that says so.
 * @param steps records of a run, or a saved run's: `windowStrip(saved.steps, saved.info)`
 * @throws RangeError for no steps, and for steps without latents if `width` and `scaleFactor` are not given
 */
export function windowStrip(steps: readonly StripStep[], options: WindowStripOptions = {}): PlotFigure {
  expectSteps("windowStrip", steps);
  const place = layoutOf(steps, options);
  if (steps.every(({ windows }) => windows.every(({ loss }) => loss === undefined))) return sentence(nothingMeasured(steps));
  return plot(async () => strip(steps, place, await picturesOf(steps, options), options));
}

/** The panorama's width in latent pixels, and what it covers. */
interface Layout {
  readonly width: number;
  readonly coverage: Coverage;
}

function layoutOf(steps: readonly StripStep[], { width: pixels, scaleFactor, coverage }: WindowStripOptions): Layout {
  const { latent, windows } = steps[0];
  const width = pixels !== undefined && scaleFactor !== undefined ? pixels / scaleFactor : latent?.shape[3];
  if (width === undefined)
    throw new RangeError(
      "windowStrip: got steps without latents, want the panorama's width and scaleFactor too; a saved run's info has both",
    );
  const edge = windows.some((window) => window.left + window.width > width) ? "wrap" : "open";
  const height = latent?.shape[2] ?? windows.reduce((most, window) => Math.max(most, window.top + window.height), 0);
  return { width, coverage: coverage ?? stripCoverage({ width, height, edge, window: windows[0].height }) };
}

/** The pictures above the heat map, from above, as data: URLs of small JPEGs. */
async function picturesOf(steps: readonly StripStep[], { panorama, condition }: WindowStripOptions): Promise<string[]> {
  const picture = panorama === "none" ? undefined : (panorama ?? (await foreseen(steps[steps.length - 1])));
  const shown = [condition && asRgb(condition), picture].filter((image) => image !== undefined);
  return Promise.all(shown.map(async (image) => dataUrl("image/jpeg", await encodeJpeg(image, { quality: 82, maxWidth: 768 }))));
}

/** Decodes a step's preview; undefined if its model was closed. */
async function foreseen(step: StripStep): Promise<Tensor | undefined> {
  try {
    return await step.preview?.();
  } catch (error) {
    if (error instanceof ClosedError) return undefined;
    throw error;
  }
}

function strip(
  steps: readonly StripStep[],
  { width, coverage }: Layout,
  pictures: readonly string[],
  { axis = "degrees", title = "Distances over the panorama" }: WindowStripOptions,
): Figure {
  const { windows, anchor } = steps[steps.length - 1];
  const cells = windowCells(windows, { width, scaleFactor: 1, coverage });
  const every = Math.ceil((steps.length * cells.length) / MOST_CELLS);
  const rows = steps.filter((_, k) => k % every === 0);
  const [from, span] = axis === "degrees" ? [-coverage.horizontal / 2, coverage.horizontal] : [0, width];
  const x = (share: number) => from + share * span;
  const top = TOPS[pictures.length];
  const rects = windows.map((_, j) => windowRects(cells[j], windows[j], { width, x, top, picture: pictures.length > 0 }));
  const band = (1 - top) / pictures.length;
  const skipped = every > 1 ? `, every ${every}th` : "";
  const spec: PlotSpec = {
    data: [heatmap(cells, rows, x, axis === "degrees" ? 0.03 : -0.12)],
    height: 330 + 90 * pictures.length,
    link: { run: runIdOf(steps), frames: rects },
    layout: titled(title, {
      margin: { l: 56, r: 20, t: 58, b: axis === "degrees" ? 84 : 100 },
      xaxis: {
        range: [x(0), x(1)],
        constrain: "range",
        showgrid: false,
        zeroline: false,
        ...(axis === "degrees" ? degreeTicks(span) : { title: { text: "latent pixels" } }),
      },
      yaxis: {
        ...stepTicks(rows),
        title: { text: `step${skipped}` },
        range: [rows.length, 0],
        domain: [0, top],
        showgrid: false,
        zeroline: false,
      },
      images: pictures.map((source, k) => {
        const place = { xref: "x", yref: "paper", x: x(0), y: 1 - k * band, sizex: span, sizey: band - GAP };
        return { source, ...place, sizing: "stretch" };
      }),
      shapes: anchor < 0 ? [] : rects[anchor].flatMap(dashed),
      annotations: anchor < 0 ? [] : [anchorLabel(rects[anchor])],
    }),
  };
  const losses = windows.flatMap(({ loss }, window) => (loss === undefined || window === anchor ? [] : [{ loss, window }]));
  const farthest = losses.reduce((a, b) => (b.loss > a.loss ? b : a), losses[0]);
  const ends = farthest ? ` At the end window ${farthest.window} is farthest, ${short(farthest.loss)}.` : "";
  const alt = `${title}: ${windows.length} windows over ${stepsInWords(steps)}, anchor window ${anchor}; from 0 to ${short(mostOf(steps))}.${ends}`;
  return { spec, alt };
}

const mostOf = (steps: readonly PlottedStep[]): number =>
  steps.reduce((most, { windows }) => windows.reduce((m, { loss }) => Math.max(m, loss ?? 0), most), 0);

/**
 * The heat map. Columns end at the edges of the windows' cells; a step has one row for each window above one another.
 * @param key y of the legend, as a fraction of the height
 */
function heatmap(cells: readonly WindowCell[], rows: readonly PlottedStep[], x: (share: number) => number, key: number): PlotTrace {
  const pieces = cells
    .flatMap((cell) => cell.pieces.map(([from, to]) => ({ from, to, cell })))
    .sort((a, b) => a.from - b.from || a.cell.row - b.cell.row);
  const starts = [...new Set(pieces.map(({ from }) => from))];
  const high = cells.reduce((common, { rows: n }) => (common * n) / gcd(common, n), 1);
  const at = starts.map((start) => {
    const column = pieces.filter(({ from }) => from === start).map(({ cell }) => cell);
    return Array.from({ length: high }, (_, k) => column[Math.floor((k * column.length) / high)].window);
  });
  const windowsOf = Array.from({ length: high }, (_, k) => at.map((column) => column[k]));
  const each = <T>(value: (step: PlottedStep, window: number) => T): T[][] =>
    rows.flatMap((step) => windowsOf.map((windows) => windows.map((window) => value(step, window))));
  return {
    type: "heatmap",
    x: [...starts.map((start) => rounded(x(start))), rounded(x(1))],
    y: Array.from({ length: rows.length * high + 1 }, (_, k) => rounded(k / high)),
    z: each(({ windows }, j) => (windows[j].loss === undefined ? null : rounded(windows[j].loss))),
    text: each((step, j) => hoverText(step, j)),
    customdata: each((_, j) => j),
    hovertemplate: "%{text}<extra></extra>",
    hoverongaps: true,
    zmin: 0,
    zmax: rounded(mostOf(rows)) || 1,
    colorscale: VIRIDIS_SCALE,
    colorbar: {
      orientation: "h",
      title: { text: "LPIPS", side: "right" },
      x: 0,
      xanchor: "left",
      y: key,
      yanchor: "top",
      ypad: 46,
      len: 0.8,
      nticks: 5,
    },
  };
}

function hoverText({ index, anchor, windows }: PlottedStep, j: number): string {
  const { loss } = windows[j];
  return `window ${j}, step ${index}: ${j === anchor ? "the anchor" : loss === undefined ? "not synchronised" : short(loss)}`;
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** [x0, x1, y0, y1]: x on the axis, y as a fraction of the figure's height. */
type Rect = readonly [number, number, number, number];

/** The rectangles of a window: its cells in the heat map, and its full extent in the picture. */
function windowRects(
  { pieces }: WindowCell,
  window: PlottedStep["windows"][number],
  { width, x, top, picture }: { width: number; x: (share: number) => number; top: number; picture: boolean },
): Rect[] {
  const cells = pieces.map(([from, to]): Rect => [rounded(x(from)), rounded(x(to)), 0, top]);
  const [left, right] = [window.left / width, (window.left + window.width) / width];
  const whole: [number, number][] =
    right > 1
      ? [
          [left, 1],
          [0, right - 1],
        ]
      : [[left, right]];
  return picture ? [...cells, ...whole.map(([from, to]): Rect => [rounded(x(from)), rounded(x(to)), top + GAP, 1])] : cells;
}

/** White dashes on black, visible on every colour of the scale and the picture. */
const dashed = ([x0, x1, y0, y1]: Rect): PlotTrace[] =>
  [
    { color: "#000", width: 2.5 },
    { color: "#fff", width: 1.5, dash: "4px,4px" },
  ].map((line) => ({
    type: "rect",
    xref: "x",
    yref: "paper",
    x0,
    x1,
    y0,
    y1,
    line,
  }));

const anchorLabel = (rects: readonly Rect[]): PlotTrace => {
  const [x0, x1] = rects[rects.length - 1];
  return { text: "anchor", xref: "x", yref: "paper", x: (x0 + x1) / 2, y: 1, yanchor: "bottom", showarrow: false, font: { size: 11 } };
};
