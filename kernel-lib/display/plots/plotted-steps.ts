/** @file The steps that figures take: a run's records, or those of a saved run. */

import type { PlotLayout } from "../../pages/plot-spec.js";
import type { StepNumbers } from "../../runs/run-data.js";

/** A step's numbers. Records of a running method and steps of a saved run both have them. */
export type PlottedStep = Omit<StepNumbers, "seconds">;

/** @throws RangeError where there are none */
export function expectSteps(who: string, steps: readonly unknown[]): void {
  if (steps.length === 0) throw new RangeError(`${who}: got no steps, want at least one record of a run`);
}

/** Why a figure of distances has nothing to draw. */
export const nothingMeasured = (steps: readonly PlottedStep[]): string =>
  steps.every(({ anchor }) => anchor < 0)
    ? "This method measures no distance between its windows: there is nothing to plot. syncDiffusion with the same seed shows what synchronising changes."
    : "None of these steps was synchronised, so no distance was measured: there is nothing to plot.";

/** "step 4", "steps 0 to 49". */
export function stepsInWords(steps: readonly PlottedStep[]): string {
  const [first, last] = [steps[0].index, steps[steps.length - 1].index];
  return first === last ? `step ${first}` : `steps ${first} to ${last}`;
}

/** Of an axis of steps, with some room at its ends. Steps are whole: where they are few, Plotly would put ticks between them. */
export function stepAxis(first: number, last: number): PlotLayout {
  const span = last - first;
  const range = span > 0 ? { range: [first - 0.02 * span, last + 0.02 * span] } : {};
  return { title: { text: "step" }, tickformat: "d", ...(span < 8 ? { dtick: 1 } : {}), ...range };
}

/** A number in four digits, as a page carries it. */
export const rounded = (x: number): number => Number(x.toPrecision(4));
