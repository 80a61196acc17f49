/** @file Plots what an edit measures in every step, and the energies of Langevin dynamics. */
import type { EditStep } from "../../methods/edit/edit-step.js";
import type { LangevinStep } from "../../methods/edit/langevin.js";
import { type PlotFigure, plot, sentence } from "./plot.js";
import { expectSteps } from "./plotted-steps.js";
import { type Panel, stepLines } from "./step-lines.js";

/** Options of `editPlot` and `energyPlot`. */
export interface EditPlotOptions {
  /** any text */
  readonly title?: string;
}

/** The part of an edit's step that `editPlot` reads; a saved run's steps have it too. */
export type PlottedEditStep = Pick<EditStep, "index"> & { readonly pictures?: EditStep["pictures"] };

/**
 * Plots, for each picture, the distance of the edited path to the source's and the standard deviation of the recorded noise, over the steps, on
 * logarithmic axes. For a method that measures neither, the output is a sentence that says so.
 * @param steps records of an edit, or a saved edit's steps @throws RangeError for no steps
 */
export function editPlot(
  steps: readonly PlottedEditStep[],
  { title = "Distance and noise of the edit" }: EditPlotOptions = {},
): PlotFigure {
  expectSteps("editPlot", steps);
  const count = steps.reduce((most, { pictures = [] }) => Math.max(most, pictures.length), 0);
  const rowsOf = (key: "distance" | "noiseStd") =>
    Array.from({ length: count }, (_, k) => steps.map(({ pictures }) => pictures?.[k]?.[key] || undefined)); // 0 has no place on a logarithmic axis
  const panels: Panel[] = [
    { title: "distance", rows: rowsOf("distance"), scale: "log" },
    { title: "std of noise z", rows: rowsOf("noiseStd"), scale: "log", level: 1 },
  ];
  if (panels.every(({ rows }) => rows.every((row) => row.every((value) => value === undefined))))
    return sentence(
      "This method follows no source and records no noise, so there is nothing to plot. cycleDiffusion with the same seed does both.",
    );
  const indices = steps.map(({ index }) => index);
  return plot(async () => stepLines(title, indices, panels, "picture"));
}

/**
 * Plots the energies of Langevin dynamics over the steps: the weighted energy of each code, the prior ½‖z‖², and ‖z‖² / dim, which is 1 for draws of the
 * prior.
 * @throws RangeError for no steps
 */
export function energyPlot(steps: readonly LangevinStep[], { title = "Energies of the codes" }: EditPlotOptions = {}): PlotFigure {
  expectSteps("energyPlot", steps);
  const codes = steps[0].energy.shape[0];
  const rowsOf = (of: (step: LangevinStep) => { readonly data: Float32Array }) =>
    Array.from({ length: codes }, (_, row) => steps.map((step) => of(step).data[row]));
  const guided = Object.keys(steps[0].parts).filter((name) => name !== "prior");
  const panels: Panel[] = [
    ...guided.map((name): Panel => ({ title: name, rows: rowsOf(({ parts }) => parts[name]), scale: "linear" })),
    { title: "‖z‖² / dim", rows: rowsOf(({ normPerDim }) => normPerDim), scale: "linear", level: 1 },
  ];
  const indices = steps.map(({ index }) => index);
  return plot(async () => stepLines(title, indices, panels, "code"));
}
