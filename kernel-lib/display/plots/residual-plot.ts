/** @file Plots what ControlNets add to each level of the U-Net, beside what is there already. */
import { short } from "../../core/words.js";
import type { ResidualSizes } from "../../methods/joint/residual-sizes.js";
import type { PlotSpec } from "../../pages/plot-spec.js";
import { CATEGORIES, titled } from "./look.js";
import { type PlotFigure, plot } from "./plot.js";
import { rounded } from "./plotted-steps.js";

/** Options of `residualPlot`. */
export interface ResidualPlotOptions {
  /** any text */
  readonly title?: string;
}

/**
 * Plots how large each residual of the ControlNets is as a share of the U-Net's own numbers to which it is added, from the finest skip to the middle
 * block ("mid"), in root mean squares: all residuals alike ("balanced"), and the coarse ones more than the fine ones ("guess").
 * @param sizes of `residualSizes`
 */
export function residualPlot(
  sizes: ResidualSizes,
  { title = "Residuals beside what they are added to" }: ResidualPlotOptions = {},
): PlotFigure {
  const { skips, residuals, timestep } = sizes;
  const names = skips.map((_, i) => (i < skips.length - 1 ? String(i) : "mid")); // short: seven fit a phone
  const bars = (mode: keyof typeof residuals, color: string) => {
    const shares = residuals[mode].map((size, i) => (100 * size) / skips[i]);
    return {
      type: "bar",
      name: mode,
      x: names,
      y: shares.map(rounded),
      marker: { color },
      hovertemplate: `${mode}, skip %{x}: %{y:.3~r} %<extra></extra>`,
    };
  };
  const data = [bars("balanced", CATEGORIES.blue), bars("guess", CATEGORIES.orange)];
  const spec: PlotSpec = {
    data,
    height: 360,
    layout: titled(title, {
      barmode: "group",
      xaxis: { title: { text: `skip, timestep ${timestep}` }, type: "category", showgrid: false },
      yaxis: { title: { text: "residual, % of its skip" }, rangemode: "tozero" },
      margin: { l: 56, r: 20, t: 66, b: 64 },
    }),
  };
  const largest = (mode: number) => `skip ${names[data[mode].y.indexOf(Math.max(...data[mode].y))]}`;
  const alt = `${title}: of ${skips.length}, the largest share is ${short(Math.max(...data[0].y))} % at ${largest(0)}; in guess mode ${short(Math.max(...data[1].y))} % at ${largest(1)}.`;
  return plot(async () => ({ spec, alt }));
}
