/** @file Plots the noise schedule, the timesteps of a run, and the weight of each step's descent. */

import { short } from "../../core/words.js";
import type { PlotSpec, PlotTrace } from "../../pages/plot-spec.js";
import { CATEGORIES, INK, titled } from "./look.js";
import { type Figure, type PlotFigure, plot } from "./plot.js";
import { rounded, stepAxis } from "./plotted-steps.js";

/** The part of a schedule that is drawn; make one with `createSchedule(model.config.schedule)`. */
export interface PlottedSchedule {
  /** ᾱ_t of every training timestep */
  readonly alphaBar: ArrayLike<number>;
  timesteps(steps: number): readonly number[];
}

/** Options of `schedulePlot`. A run's options fit: `schedulePlot(schedule, run.options)`. */
export interface SchedulePlotOptions {
  /** denoising steps */
  readonly steps: number;
  /** weight of the first descent; with `decay`, the weights of all steps are drawn too */
  readonly weight?: number;
  /** step i descends with weight · decay^i */
  readonly decay?: number;
  /** step i is synchronised if (i+1) % syncEvery = 0; default 1 */
  readonly syncEvery?: number;
  /** number of first steps that may be synchronised; default all */
  readonly syncSteps?: number;
  /** any text */
  readonly title?: string;
}

/** Number of points of the curve. */
const CURVE_POINTS = 200;

/**
 * Plots ᾱ_t over the training timesteps, from noise on the left to the image on the right, with the timesteps of a DDIM run marked. With
 * `weight` and `decay` it also plots the weight of every step i: weight · decay^i if it is synchronised, else 0.
 * @throws RangeError as `schedule.timesteps` does, and if only one of weight and decay is given
 */
export function schedulePlot(schedule: PlottedSchedule, options: SchedulePlotOptions): PlotFigure {
  const { steps, weight, decay } = options;
  const timesteps = schedule.timesteps(steps);
  if ((weight === undefined) !== (decay === undefined))
    throw new RangeError(`schedulePlot: got weight ${weight} and decay ${decay}, want both or neither; a run's options have both`);
  const weights =
    weight !== undefined && decay !== undefined ? timesteps.map((_, i) => descent(i, { ...options, weight, decay })) : undefined;
  const figure = drawn(schedule, timesteps, weights, options.title);
  return plot(async () => figure);
}

/** The weight of step i in syncDiffusion. */
function descent(
  i: number,
  { weight, decay, syncEvery = 1, syncSteps = Number.POSITIVE_INFINITY }: SchedulePlotOptions & { weight: number; decay: number },
): number {
  return (i + 1) % syncEvery === 0 && i < syncSteps ? weight * decay ** i : 0;
}

function drawn(
  { alphaBar }: PlottedSchedule,
  timesteps: readonly number[],
  weights: readonly number[] | undefined,
  title = weights ? "Noise schedule and weights" : "Noise schedule",
): Figure {
  const last = alphaBar.length - 1;
  const every = Math.max(1, Math.round(alphaBar.length / CURVE_POINTS));
  const ts = Array.from({ length: alphaBar.length }, (_, t) => t).filter((t) => t % every === 0 || t === last);
  const curve: PlotTrace = {
    type: "scatter",
    mode: "lines",
    name: "every timestep",
    x: ts,
    y: ts.map((t) => rounded(alphaBar[t])),
    line: { color: INK.light, width: 2 },
    hovertemplate: "timestep %{x}: ᾱ = %{y:.3~r}<extra></extra>",
  };
  const visited: PlotTrace = {
    type: "scatter",
    mode: "markers",
    name: `the ${timesteps.length} of the run`,
    x: timesteps,
    y: timesteps.map((t) => rounded(alphaBar[t])),
    text: timesteps.map((t, i) => visitedText(i, t, alphaBar[t])),
    marker: { color: CATEGORIES.orange, size: 8, line: { color: INK.light, width: 1 } },
    hovertemplate: "%{text}<extra></extra>",
  };
  const bars: PlotTrace = {
    type: "bar",
    name: "weight",
    showlegend: false,
    xaxis: "x2",
    yaxis: "y2",
    x: timesteps.map((_, i) => i),
    y: weights?.map(rounded),
    marker: { color: CATEGORIES.sky },
    hovertemplate: "step %{x}: weight %{y:.3~r}<extra></extra>",
  };
  const [left, right] = [last * 1.02, -last * 0.02];
  const spec: PlotSpec = {
    data: weights ? [curve, visited, bars] : [curve, visited],
    dark: [{ "line.color": INK.dark }, { "marker.line.color": INK.dark }, ...(weights ? [null] : [])],
    height: weights ? 480 : 330,
    layout: titled(title, {
      xaxis: { title: { text: "timestep" }, range: [left, right], zeroline: false, anchor: "y" },
      yaxis: { title: { text: "ᾱ" }, range: [-0.04, 1.04], domain: weights ? [0.46, 1] : [0, 1] },
      ...(weights
        ? {
            xaxis2: { anchor: "y2", showgrid: false, ...stepAxis(0, weights.length - 1) },
            yaxis2: { title: { text: "weight" }, domain: [0, 0.28], anchor: "x2", rangemode: "tozero" },
          }
        : {}),
    }),
  };
  const [first, end] = [timesteps[0], timesteps[timesteps.length - 1]];
  const synchronised = weights?.filter((w) => w !== 0) ?? [];
  const pull = weights
    ? ` ${synchronised.length} steps are synchronised${synchronised.length > 0 ? `, with weights from ${short(synchronised[0])} to ${short(synchronised[synchronised.length - 1])}` : ""}.`
    : "";
  const alt = `${title}: ${timesteps.length} DDIM steps from timestep ${first}, ᾱ ${short(alphaBar[first])}, to timestep ${end}, ᾱ ${short(alphaBar[end])}.${pull}`;
  return { spec, alt };
}

const visitedText = (step: number, t: number, alphaBar: number): string =>
  `step ${step}, timestep ${t}: ᾱ = ${short(alphaBar)}<br>signal √ᾱ = ${short(Math.sqrt(alphaBar))}, noise √(1−ᾱ) = ${short(Math.sqrt(1 - alphaBar))}`;
