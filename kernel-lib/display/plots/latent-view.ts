/** @file Shows a latent's channels as small heat maps, and their statistics over the steps. */
import { expectShape, type Tensor } from "../../core/tensor.js";
import { short } from "../../core/words.js";
import type { PlotLayout, PlotSpec, PlotTrace } from "../../pages/plot-spec.js";
import { CATEGORIES, INK, titled } from "./look.js";
import { type Figure, type PlotFigure, plot } from "./plot.js";
import { expectSteps, rounded, stepAxis } from "./plotted-steps.js";

/** The part of a step record that `latentView` reads. */
export interface LatentStep {
  readonly index: number;
  /** [1,c,H,W] */
  readonly latent: Tensor;
}

/** Options of `latentView`. */
export interface LatentViewOptions {
  /** any text */
  readonly title?: string;
}

/** Maximum number of cells over all channels. A larger latent is drawn as means of blocks, and the figure says so. */
const MOST_CELLS = 24_000;

/** Okabe and Ito's blue through almost white to orange: 0 in the middle, and signs are distinct with every common colour blindness. */
const SIGNED = [
  [0, CATEGORIES.blue],
  [0.5, "#f2f1ee"],
  [1, CATEGORIES.vermilion],
] as const;

/**
 * Shows every channel of a latent as a heat map on one scale around 0, with its mean and standard deviation. For several steps it shows the
 * last step's channels, and below them the whole latent's mean, standard deviation, minimum and maximum over the steps.
 * @param shown [1,c,h,w], a record, or records @throws RangeError for no steps, ShapeError for another shape
 */
export function latentView(shown: Tensor | LatentStep | readonly LatentStep[], { title }: LatentViewOptions = {}): PlotFigure {
  const steps: readonly LatentStep[] = "data" in shown ? [] : "latent" in shown ? [shown] : shown;
  if (!("data" in shown)) expectSteps("latentView", steps);
  const latent = "data" in shown ? shown : steps[steps.length - 1].latent;
  for (const one of [latent, ...steps.map((step) => step.latent)]) expectShape("latentView", one, [1, "c", "h", "w"], "give one latent");
  const figure = drawn(latent, steps, title ?? (steps.length > 0 ? `Latent after step ${steps[steps.length - 1].index}` : "Latent"));
  return plot(async () => figure);
}

interface Statistics {
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
}

function statistics(values: Float32Array): Statistics {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const std = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
  const min = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const max = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return { mean, std, min, max };
}

const HEAD = 62; // pixels above the first channel
const LINES = 150; // height of the statistics, pixels

function drawn(latent: Tensor, steps: readonly LatentStep[], title: string): Figure {
  const [, count, height, width] = latent.shape;
  const channels = Array.from({ length: count }, (_, c) => latent.data.subarray(c * height * width, (c + 1) * height * width));
  const all = statistics(latent.data);
  const most = rounded(Math.max(Math.abs(all.min), Math.abs(all.max))) || 1;
  const block = Math.max(1, Math.ceil(Math.sqrt(latent.data.length / MOST_CELLS)));
  const across = width >= 2 * height ? 1 : Math.min(4, Math.ceil(Math.sqrt(count))); // panoramas below one another, squares side by side
  const down = Math.ceil(count / across);
  const tall = across === 1 ? Math.round(Math.min(110, Math.max(44, (600 * height) / width))) : 150;
  const withLines = steps.length > 1;
  const gap = across === 1 ? 26 : 42; // pixels above each row of channels, for its labels
  const body = down * (tall + gap) + (withLines ? LINES + 56 : 0);
  const share = (pixels: number) => 1 - pixels / body; // pixels from the plot's top as a fraction of its height
  const traces: PlotTrace[] = [];
  const axes: Record<string, PlotLayout> = {};
  const texts: PlotTrace[] = [];
  for (const [c, values] of channels.entries()) {
    const [row, column] = [Math.floor(c / across), c % across];
    const [left, right] = [column / across + (column > 0 ? 0.015 : 0), (column + 1) / across - (column < across - 1 ? 0.015 : 0)];
    const from = row * (tall + gap) + gap;
    const n = c === 0 ? "" : String(c + 1);
    const { mean, std } = statistics(values);
    axes[`xaxis${n}`] = { domain: [left, right], anchor: `y${n}`, visible: false };
    axes[`yaxis${n}`] = { domain: [share(from + tall), share(from)], anchor: `x${n}`, visible: false, autorange: "reversed" };
    const text = across === 1 ? `channel ${c}: mean ${short(mean)}, std ${short(std)}` : `channel ${c}<br>${short(mean)} ± ${short(std)}`;
    texts.push({
      text,
      x: left,
      xanchor: "left",
      xref: "paper",
      y: share(from),
      yanchor: "bottom",
      align: "left",
      yref: "paper",
      showarrow: false,
      font: { size: 11 },
    });
    traces.push({
      type: "heatmap",
      xaxis: `x${n}`,
      yaxis: `y${n}`,
      ...blockMeans(values, { height, width, block }),
      coloraxis: "coloraxis",
      hovertemplate: `channel ${c}, row %{y}, column %{x}: %{z:.3~r}<extra></extra>`,
    });
  }
  const lines = withLines ? statisticLines(steps, count + 1) : [];
  if (withLines) {
    axes[`xaxis${count + 1}`] = { anchor: `y${count + 1}`, ...stepAxis(steps[0].index, steps[steps.length - 1].index) };
    axes[`yaxis${count + 1}`] = { anchor: `x${count + 1}`, domain: [0, LINES / body] };
  }
  const means = block > 1 ? ` (means of ${block} × ${block})` : "";
  const spec: PlotSpec = {
    data: [...traces, ...lines.map(({ trace }) => trace)],
    dark: [...traces.map(() => null), ...lines.map(({ dark }) => dark)],
    height: HEAD + body + 48 - gap,
    layout: titled(title + means, {
      margin: { l: 44, r: 20, t: HEAD - gap, b: 48 },
      ...axes,
      annotations: texts,
      coloraxis: {
        colorscale: SIGNED,
        cmin: -most,
        cmax: most,
        colorbar: { thickness: 10, outlinewidth: 0, ...(withLines ? { y: 1, yanchor: "top", len: share((LINES + 56) / 1) } : {}) },
      },
      legend: { orientation: "h", x: 0, xanchor: "left", y: LINES / body, yanchor: "bottom" },
    }),
  };
  const { mean, std, min, max } = all;
  const over = withLines
    ? ` Over steps ${steps[0].index} to ${steps[steps.length - 1].index} its standard deviation goes from ${short(statistics(steps[0].latent.data).std)} to ${short(std)}.`
    : "";
  const alt = `${title}: ${count} channels of ${height} × ${width}; mean ${short(mean)}, standard deviation ${short(std)}, from ${short(min)} to ${short(max)}.${over}`;
  return { spec, alt };
}

/** Averages blocks, and finds the rows and columns of their middles. */
function blockMeans(values: Float32Array, { height, width, block }: { height: number; width: number; block: number }) {
  const middles = (length: number) =>
    Array.from({ length: Math.ceil(length / block) }, (_, k) => (k * block + Math.min(length, (k + 1) * block) - 1) / 2);
  const z = middles(height).map((_, r) =>
    middles(width).map((_, c) => {
      let [sum, n] = [0, 0];
      for (let y = r * block; y < Math.min(height, (r + 1) * block); y++)
        for (let x = c * block; x < Math.min(width, (c + 1) * block); x++, n++) sum += values[y * width + x];
      return Number((sum / n).toPrecision(3));
    }),
  );
  return { x: middles(width), y: middles(height), z };
}

function statisticLines(steps: readonly LatentStep[], axis: number): { trace: PlotTrace; dark: Record<string, unknown> | null }[] {
  const measured = steps.map(({ latent }) => statistics(latent.data));
  const line = (name: keyof Statistics, color: string, dash: string, dark: Record<string, unknown> | null = null) => ({
    trace: {
      type: "scatter",
      mode: "lines",
      name,
      xaxis: `x${axis}`,
      yaxis: `y${axis}`,
      x: steps.map(({ index }) => index),
      y: measured.map((numbers) => rounded(numbers[name])),
      line: { color, width: 2, dash },
      hovertemplate: `${name}, step %{x}: %{y:.3~r}<extra></extra>`,
    },
    dark,
  });
  return [
    line("mean", INK.light, "solid", { "line.color": INK.dark }),
    line("std", CATEGORIES.orange, "solid"),
    line("min", CATEGORIES.blue, "dash", { "line.color": CATEGORIES.sky }),
    line("max", CATEGORIES.vermilion, "dash"),
  ];
}
