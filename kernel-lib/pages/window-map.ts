/** @file The window map: every window's distance to the anchor in every step. Columns are at the windows' places in the panorama. */
import { short } from "../core/words.js";
import type { Window } from "../methods/joint/windows.js";
import type { Series } from "../methods/method.js";
import { VIRIDIS_GRADIENT, viridis } from "../panorama/colors.js";
import type { Coverage } from "../panorama/coverage.js";
import type { StepNumbers } from "../runs/run-data.js";
import { escapeHtml } from "./html.js";

/** Where the columns of a window map lie. */
export interface StripPlace {
  /** the panorama's width in pixels */
  readonly width: number;
  /** pixels per latent pixel */
  readonly scaleFactor: number;
  readonly coverage: Coverage;
}

/** A window's cell: the columns nearest to its centre, as fractions of the panorama's width; two pieces if it passes the cut. */
export interface WindowCell {
  /** index into a step's windows */
  readonly window: number;
  /** [from, to] in [0,1] */
  readonly pieces: readonly (readonly [number, number])[];
  /** heading of the window's centre, degrees */
  readonly heading: number;
  /** windows above one another, or of several regions at one place, share a column: this is row `row` of `rows` */
  readonly row: number;
  readonly rows: number;
}

/** Maximum number of cells; a longer run draws every k-th step. */
const MOST_CELLS = 6000;

/** Finds each window's cell. */
export function windowCells(windows: readonly Window[], { width, scaleFactor, coverage }: StripPlace): WindowCell[] {
  const across = width / scaleFactor;
  const middle = (j: number) => ((windows[j].left + windows[j].width / 2) / across) % 1;
  const columns = [...new Set(windows.map((_, j) => middle(j)))].sort((a, b) => a - b);
  const round = coverage.edge === "wrap" && columns.length > 1;
  const bounds = columns.map((at, k) => {
    const before = k > 0 ? columns[k - 1] : round ? columns[columns.length - 1] - 1 : undefined;
    const after = k < columns.length - 1 ? columns[k + 1] : round ? columns[0] + 1 : undefined;
    return [before === undefined ? 0 : (before + at) / 2, after === undefined ? 1 : (at + after) / 2] as const;
  });
  return windows.map((window, j) => {
    const k = columns.indexOf(middle(j));
    const [from, to] = bounds[k];
    const column = [...windows.keys()].filter((i) => middle(i) === columns[k]);
    const above = column.filter((i) => windows[i].top < window.top || (windows[i].top === window.top && i < j)); // regions may share a window
    const pieces: [number, number][] = [];
    if (from < 0) pieces.push([0, to], [from + 1, 1]);
    else if (to > 1) pieces.push([from, 1], [0, to - 1]);
    else pieces.push([from, to]);
    return {
      window: j,
      pieces,
      heading: (columns[k] - 0.5) * coverage.horizontal,
      row: above.length,
      rows: column.length,
    };
  });
}

/**
 * Makes the map as HTML: an SVG stretched to its box (1 unit per step down, 1000 across), and its legend. Hovering a cell shows its number.
 * @param series one per window
 * @returns undefined if no step has it
 */
export function windowMap(
  steps: readonly StepNumbers[],
  place: StripPlace,
  { name, unit }: Series,
): { svg: string; legend: string; every: number } | undefined {
  const values = steps.flatMap(({ windows }) => windows.flatMap(({ [name]: value }) => (value === undefined ? [] : [value])));
  if (values.length === 0) return undefined;
  const most =
    Math.max(
      ...values.slice(0, 1),
      values.reduce((a, b) => Math.max(a, b), 0),
    ) || 1;
  const cells = windowCells(steps[0].windows, place);
  const every = Math.ceil((steps.length * cells.length) / MOST_CELLS);
  const rows = steps.filter((_, k) => k % every === 0);
  const drawn = rows.map((step, y) => cells.map((cell) => drawCell(cell, step, { name, y, most })).join("")).join("");
  const svg = `<svg viewBox="0 0 1000 ${rows.length}" preserveAspectRatio="none" role="img" aria-label="${escapeHtml(unit)}, every window in every step">${drawn}</svg>`;
  const legend = `<div class="scale"><span>0</span><i style="background:${VIRIDIS_GRADIENT}"></i><span>${short(most)}</span><b>${escapeHtml(unit)}</b></div>`;
  return { svg, legend, every };
}

function drawCell(
  { window, pieces, heading, row, rows }: WindowCell,
  step: StepNumbers,
  { name, y, most }: { readonly name: string; readonly y: number; readonly most: number },
): string {
  const value = step.windows[window][name];
  const what = window === step.anchor ? "the anchor" : value === undefined ? "not measured" : short(value);
  const fill = value === undefined ? "" : ` fill="${viridis(value / most)}"`;
  const rects = pieces.map(([from, to]) => {
    const [x, w] = [Math.round(from * 1e4) / 10, Math.round((to - from) * 1e4) / 10];
    return `<rect x="${x}" y="${round3(y + row / rows)}" width="${w}" height="${round3(1 / rows)}"${fill}/>`;
  });
  return `<g${value === undefined ? ' class="none"' : ""} data-heading="${Math.round(heading * 10) / 10}"><title>step ${step.index}, window ${window}: ${what}</title>${rects.join("")}</g>`;
}

const round3 = (x: number): number => Math.round(x * 1e3) / 1e3;
