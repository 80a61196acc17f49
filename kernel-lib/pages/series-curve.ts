/** @file One curve per window over the steps, on a logarithmic axis. */

import { short } from "../core/words.js";
import type { Series } from "../methods/method.js";
import type { StepNumbers } from "../runs/run-data.js";
import { escapeHtml } from "./html.js";
import { type StripPlace, windowCells } from "./window-map.js";

/** Number of line shades, from the anchor's neighbours to the windows farthest from it: CSS classes .shade-0 … */
export const SHADES = 8;

/** The ticks of a logarithmic axis from `low` to `high`: decades, with 2 and 5 between if there are few. */
export function logTicks(low: number, high: number): number[] {
  const from = Math.floor(Math.log10(low));
  const to = Math.ceil(Math.log10(high));
  const marks = Math.log10(high / low) > 2.5 ? [1] : [1, 2, 5];
  const all = Array.from({ length: to - from + 1 }, (_, k) => marks.map((m) => Number((m * 10 ** (from + k)).toPrecision(1)))).flat();
  return all.filter((x) => x >= low * 0.999 && x <= high * 1.001);
}

/**
 * Makes the chart as HTML: an SVG stretched to its box. Labels are text beside it, so that they stay readable at any width.
 * A line's shade shows the window's distance from the anchor. The thick line is the mean. The anchor itself, 0, has no line.
 * @param series one per window
 * @returns undefined if no step has it
 */
export function seriesCurve(steps: readonly StepNumbers[], place: StripPlace, { name, unit }: Series): string | undefined {
  const measured = steps.filter(({ windows }) => windows.some((window) => window[name] !== undefined));
  const values = measured.flatMap(({ windows }) =>
    windows.flatMap(({ [name]: value }) => (value !== undefined && value > 0 ? [value] : [])),
  );
  if (values.length === 0) return undefined;
  const axes = logAxes(values, steps);
  const { x, y } = axes;
  const cells = windowCells(measured[0].windows, place);
  const { anchor } = measured[0];
  const away = (j: number) => {
    const gap = Math.abs(cells[j].heading - (cells[anchor]?.heading ?? 0));
    return place.coverage.edge === "wrap" ? Math.min(gap, 360 - gap) : gap;
  };
  const farthest = Math.max(...cells.map(({ window }) => away(window)), 1e-9);
  const lines = cells
    .filter(({ window }) => window !== anchor)
    .sort((a, b) => away(b.window) - away(a.window))
    .map(({ window }) => {
      const points = measured.flatMap((step) => {
        const value = step.windows[window][name];
        return value !== undefined && value > 0 ? [{ index: step.index, value }] : [];
      });
      if (points.length === 0) return "";
      const shade = Math.min(SHADES - 1, Math.floor((away(window) / farthest) * SHADES));
      const d = path(points.map(({ index, value }) => [x(index), y(value)]));
      const label = `window ${window}, ${Math.round(away(window))}° from ${anchor >= 0 ? "the anchor" : "the middle"}: ${short(points[0].value)} in step ${points[0].index}, ${short(points[points.length - 1].value)} in step ${points[points.length - 1].index}`;
      return `<g class="shade-${shade}"><title>${label}</title><path class="near" d="${d}"/><path d="${d}"/></g>`;
    });
  const means = measured.map(({ index, windows }) => {
    const others = windows.flatMap(({ [name]: value }, j) => (value !== undefined && j !== anchor ? [value] : []));
    return { index, value: others.reduce((a, b) => a + b, 0) / Math.max(1, others.length) };
  });
  const mean = path(means.filter(({ value }) => value > 0).map(({ index, value }) => [x(index), y(value)]));
  const range = `${short(means[0].value)} in step ${means[0].index} to ${short(means[means.length - 1].value)} in step ${means[means.length - 1].index}`;
  const drawn = `${lines.join("")}<g class="mean"><title>mean of the windows: ${range}</title><path class="near" d="${mean}"/><path d="${mean}"/></g>`;
  const legend = `<ul class="legend"><li><i class="key mean-key"></i>mean</li><li><span>beside ${anchor >= 0 ? "the anchor" : "the middle"}</span><i class="shades">${Array.from({ length: SHADES }, (_, k) => `<b class="shade-${k}"></b>`).join("")}</i><span>farthest from it</span></li>${anchor >= 0 ? `<li><i class="key anchor-key"></i>anchor: window ${anchor}, 0 by definition, so without a line</li>` : ""}</ul>`;
  return `${plotted(axes, `${unit}: ${lines.length} windows; their mean goes from ${range}`, drawn)}\n${legend}`;
}

/**
 * Makes the chart of a series that has one number per step, as HTML.
 * @returns undefined if no step has it
 */
export function stepCurve(steps: readonly StepNumbers[], { name, title, unit }: Series): string | undefined {
  const points = steps.flatMap(({ index, series }) =>
    series?.[name] !== undefined && series[name] > 0 ? [{ index, value: series[name] }] : [],
  );
  if (points.length === 0) return undefined;
  const axes = logAxes(
    points.map(({ value }) => value),
    steps,
  );
  const d = path(points.map(({ index, value }) => [axes.x(index), axes.y(value)]));
  const [first, last] = [points[0], points[points.length - 1]];
  const range = `${short(first.value)} in step ${first.index} to ${short(last.value)} in step ${last.index}`;
  return plotted(
    axes,
    `${unit}: from ${range}`,
    `<g class="mean"><title>${escapeHtml(title)}: ${range}</title><path class="near" d="${d}"/><path d="${d}"/></g>`,
  );
}

/** Axes of 1000 × 400 units: steps to the right, values on a logarithmic scale. */
interface Axes {
  readonly low: number;
  readonly high: number;
  readonly first: number;
  readonly last: number;
  x(index: number): number;
  y(value: number): number;
}

/** @param values above 0, at least one */
function logAxes(values: readonly number[], steps: readonly StepNumbers[]): Axes {
  const least = values.reduce((a, b) => Math.min(a, b));
  const most = values.reduce((a, b) => Math.max(a, b));
  const [low, high] = least === most ? [least / 2, most * 2] : [least / 1.08, most * 1.08];
  const [first, last] = [steps[0].index, steps[steps.length - 1].index];
  return {
    ...{ low, high, first, last },
    x: (index) => round1(last === first ? 500 : ((index - first) / (last - first)) * 1000),
    y: (value) => round1(400 - (Math.log(value / low) / Math.log(high / low)) * 400),
  };
}

/** The chart's box with its grid and labels. @param label what a screen reader says @param drawn the lines */
function plotted({ low, high, first, last, x, y }: Axes, label: string, drawn: string): string {
  const ticks = logTicks(low, high);
  const grid = ticks.map((tick) => `<path class="grid" d="M0 ${y(tick)}H1000"/>`).join("");
  const labels = ticks.map((tick) => `<span style="top:${round1(y(tick) / 4)}%">${short(tick)}</span>`).join("");
  return `<div class="plot"><div class="y">${labels}</div><div class="area"><svg viewBox="0 0 1000 400" preserveAspectRatio="none" role="img" aria-label="${escapeHtml(label)}">${grid}${drawn}</svg></div><div class="unit">step</div><div class="x">${stepLabels(first, last, x)}</div></div>`;
}

/** Labels at round steps, at the first and at the last, on an axis of 1000 units. */
function stepLabels(first: number, last: number, x: (index: number) => number): string {
  const span = last - first;
  const gap = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((g) => span / g <= 5) ?? span;
  const inner = Array.from({ length: span + 1 }, (_, k) => first + k).filter(
    (i) => i % gap === 0 && i - first > gap * 0.6 && last - i > gap * 0.6,
  );
  return [...new Set([first, ...inner, last])].map((i) => `<span style="left:${x(i) / 10}%">${i}</span>`).join("");
}

/** The path of a line through points; a single point becomes a short dash, to be visible. */
const path = (points: readonly (readonly [number, number])[]): string =>
  points.length === 1
    ? `M${points[0][0] - 4} ${points[0][1]}h8`
    : points.map(([px, py], k) => `${k === 0 ? "M" : "L"}${px} ${py}`).join("");

const round1 = (v: number): number => Math.round(v * 10) / 10;
