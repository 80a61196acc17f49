/** @file Plots one line per window over the steps: distances (`lossPlot`), gradient norms (`gradientPlot`), or any series (`seriesPlot`). */

import { short } from "../../core/words.js";
import { ANCHOR_SERIES } from "../../methods/joint/anchor-series.js";
import type { Series } from "../../methods/method.js";
import type { PlotSpec, PlotTrace } from "../../pages/plot-spec.js";
import type { WindowNumbers } from "../../runs/run-data.js";
import { runIdOf } from "../run-id.js";
import { INK, titled, windowColour, windowScale } from "./look.js";
import { type Figure, type PlotFigure, plot, sentence } from "./plot.js";
import { expectSteps, nothingMeasured, type PlottedStep, rounded, stepAxis, stepsInWords, valueAxis } from "./plotted-steps.js";

/** Options of `lossPlot`, `gradientPlot` and `seriesPlot`. */
export interface WindowLinesOptions {
  /** initial scale of the vertical axis, which buttons change; default "log" */
  readonly scale?: "log" | "linear";
  /** any text */
  readonly title?: string;
}

/**
 * Plots every window's LPIPS to the anchor, before the descent, over the steps. There is one line per window, coloured by its place; the thick
 * line is the mean; the dashed one is the anchor (0 by definition, so only on the linear axis). Clicking a line chooses its window in all
 * figures of the run. If no step was synchronised, the output is a sentence that says so.
 * @param steps records of a run, or a saved run's steps @throws RangeError for no steps
 */
export const lossPlot = (steps: readonly PlottedStep[], options: WindowLinesOptions = {}): PlotFigure =>
  lines("lossPlot", ANCHOR_SERIES.loss, steps, options);

/** Like `lossPlot`, for the L2 norm of each window's gradient, before the weight. @throws RangeError for no steps */
export const gradientPlot = (steps: readonly PlottedStep[], options: WindowLinesOptions = {}): PlotFigure =>
  lines("gradientPlot", ANCHOR_SERIES.gradientNorm, steps, options);

/** Like `lossPlot`, for any series per window of a method. @throws RangeError for no steps */
export const seriesPlot = (steps: readonly PlottedStep[], series: Series, options: WindowLinesOptions = {}): PlotFigure =>
  lines("seriesPlot", series, steps, options);

function lines(who: string, series: Series, steps: readonly PlottedStep[], options: WindowLinesOptions): PlotFigure {
  expectSteps(who, steps);
  const figure = windowLines(series, steps, options);
  return figure ? plot(async () => figure) : sentence(nothingMeasured(steps));
}

/** The line of one window, or of the mean. */
interface Line {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

function windowLines(
  { name, title: ownTitle, unit }: Series,
  steps: readonly PlottedStep[],
  { scale = "log", title = ownTitle }: WindowLinesOptions,
): Figure | undefined {
  const of = (window: WindowNumbers) => window[name];
  const measured = steps.filter(({ windows }) => windows.some((window) => of(window) !== undefined));
  if (measured.length === 0) return undefined;
  const { anchor, windows } = measured[measured.length - 1];
  const lineOf = (j: number): Line => {
    const points = measured.flatMap(({ index, windows }) => {
      const value = windows[j] && of(windows[j]);
      return value === undefined ? [] : [{ index, value }];
    });
    return { x: points.map(({ index }) => index), y: points.map(({ value }) => rounded(value)) };
  };
  const others = windows.map((_, j) => j).filter((j) => j !== anchor);
  const mean: Line = { x: measured.map(({ index }) => index), y: measured.map((step) => rounded(meanOf(step, of))) };
  const at = (j: number) => j / Math.max(1, windows.length - 1);
  const traces: { trace: PlotTrace; dark: Record<string, unknown> | null; window: number | null }[] = [
    ...others.map((j) => ({
      trace: lineTrace(lineOf(j), { name: `window ${j}`, color: windowColour(at(j), "light"), width: 1.5, showlegend: false }),
      dark: { "line.color": windowColour(at(j), "dark"), "marker.color": windowColour(at(j), "dark") },
      window: j,
    })),
    { trace: windowKey(windows.length), dark: { "marker.colorscale": windowScale("dark") }, window: null },
    {
      trace: lineTrace(mean, { name: "mean", color: INK.light, width: 3.5 }),
      dark: { "line.color": INK.dark, "marker.color": INK.dark },
      window: null,
    },
    ...(anchor < 0
      ? []
      : [
          {
            trace: lineTrace(lineOf(anchor), {
              name: `anchor: window ${anchor}`,
              showlegend: scale === "linear", // it is 0, which a logarithmic axis does not have
              color: INK.light,
              width: 2,
              dash: "dash",
              hover: `anchor, window ${anchor}`,
            }),
            dark: { "line.color": INK.dark, "marker.color": INK.dark },
            window: anchor,
          },
        ]),
  ];
  const values = others.flatMap((j) => lineOf(j).y);
  const spec: PlotSpec = {
    data: traces.map(({ trace }) => trace),
    dark: traces.map(({ dark }) => dark),
    height: 416,
    link: { run: runIdOf(steps), lines: traces.map(({ window }) => window) },
    layout: titled(title, {
      hovermode: "closest",
      margin: { l: 56, r: 20, t: 66, b: 84 },
      xaxis: stepAxis(measured[0].index, measured[measured.length - 1].index),
      yaxis: { title: { text: unit }, tickformat: "~g", rangemode: "tozero", ...valueAxis(scale, values) },
      updatemenus: [scaleButtons(scale, values, anchor < 0 ? undefined : traces.length - 1)],
    }),
  };
  const [from, to] = [mean.y[0], mean.y[mean.y.length - 1]];
  const farthest = others.reduce((a, b) => ((of(windows[b]) ?? 0) > (of(windows[a]) ?? 0) ? b : a), others[0] ?? 0);
  const alt =
    `${title}: ${unit} of ${others.length} windows over ${stepsInWords(measured)}, ${anchor < 0 ? "no anchor" : `anchor window ${anchor}`}. ` +
    `Their mean goes from ${short(from)} to ${short(to)}; the largest at the end is window ${farthest}'s, ${short(of(windows[farthest]) ?? 0)}.`;
  return { spec, alt };
}

/** The mean over the measured windows, without the anchor. */
function meanOf({ windows, anchor }: PlottedStep, of: (window: WindowNumbers) => number | undefined): number {
  const values = windows.flatMap((window, j) => (j === anchor ? [] : (of(window) ?? [])));
  return values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
}

interface LineLook {
  readonly name: string;
  readonly color: string;
  readonly width: number;
  readonly dash?: string;
  readonly showlegend?: boolean;
  /** the first line of its hover text; default its name */
  readonly hover?: string;
}

function lineTrace({ x, y }: Line, { name, color, width, dash = "solid", showlegend = true, hover = name }: LineLook): PlotTrace {
  return {
    type: "scatter",
    mode: x.length > 1 ? "lines" : "markers", // a single point has no line
    x,
    y,
    name,
    showlegend,
    line: { color, width, dash },
    marker: { color, size: 4 + width },
    hovertemplate: `${hover}, step %{x}: %{y:.3~r}<extra></extra>`,
  };
}

/** A trace without points, for the colour bar of the windows. */
const windowKey = (count: number): PlotTrace => ({
  type: "scatter",
  mode: "markers",
  x: [null],
  y: [null],
  showlegend: false,
  hoverinfo: "skip",
  marker: {
    color: [0],
    cmin: 0,
    cmax: Math.max(1, count - 1),
    colorscale: windowScale("light"),
    showscale: true,
    colorbar: { title: { text: "window", side: "right" }, tickformat: "d" }, // above it, the last window's number is in the way
  },
});

/** The two scale buttons, below the right end of the axis and below its title, which a narrow figure has beside them. @param anchor the number of its trace */
function scaleButtons(active: "log" | "linear", values: readonly number[], anchor: number | undefined): PlotTrace {
  const button = (scale: "log" | "linear") => {
    const { type, tickmode, dtick } = valueAxis(scale, values);
    const axis = { "yaxis.type": type, "yaxis.tickmode": tickmode, "yaxis.dtick": dtick, "yaxis.autorange": true };
    return {
      label: scale,
      method: "update",
      args: anchor === undefined ? [{}, axis, []] : [{ showlegend: scale === "linear" }, axis, [anchor]],
    };
  };
  return {
    type: "buttons",
    direction: "right",
    active: active === "log" ? 0 : 1,
    buttons: [button("log"), button("linear")],
    x: 1,
    xanchor: "right",
    y: 0,
    yanchor: "top",
    pad: { t: 46 },
    font: { size: 11 },
  };
}
