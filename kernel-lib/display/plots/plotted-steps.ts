/** @file The steps that figures draw: a run's records, or a saved run's steps. */

import type { PlotLayout } from "../../pages/plot-spec.js";
import type { StepNumbers } from "../../runs/run-data.js";

/** The numbers of a step, which step records and saved steps both have. */
export type PlottedStep = Omit<StepNumbers, "seconds">;

/** Refuses an empty list of steps. @throws RangeError */
export function expectSteps(who: string, steps: readonly unknown[]): void {
  if (steps.length === 0) throw new RangeError(`${who}: got no steps, want at least one record of a run`);
}

/** The sentence for steps without distances. */
export const nothingMeasured = (steps: readonly PlottedStep[]): string =>
  steps.every(({ anchor }) => anchor < 0)
    ? "This method measures no distances between its windows, so there is nothing to plot. syncDiffusion with the same seed shows what synchronising changes."
    : "None of these steps was synchronised, so no distance was measured and there is nothing to plot.";

/** "step 4", "steps 0 to 49". */
export function stepsInWords(steps: readonly PlottedStep[]): string {
  const [first, last] = [steps[0].index, steps[steps.length - 1].index];
  return first === last ? `step ${first}` : `steps ${first} to ${last}`;
}

/** The layout of an axis of steps, with some room at its ends. Few steps get a tick each, since Plotly would put ticks between them. */
export function stepAxis(first: number, last: number): PlotLayout {
  const span = last - first;
  const range = span > 0 ? { range: [first - 0.02 * span, last + 0.02 * span] } : {};
  return { title: { text: "step" }, tickformat: "d", ...(span < 8 ? { dtick: 1 } : {}), ...range };
}

/** Rounds a number to four significant digits. */
export const rounded = (x: number): number => Number(x.toPrecision(4));

/** The layout of an axis of values. A logarithmic one that spans few decades also has ticks at 2 and 5. */
export function valueAxis(scale: "log" | "linear", values: readonly number[]) {
  const drawn = values.filter((value) => value > 0);
  const few = drawn.reduce((a, b) => Math.max(a, b), 0) < 300 * drawn.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  return { type: scale, ...(scale === "log" && few ? { tickmode: "linear", dtick: "D2" } : { tickmode: "auto", dtick: null }) };
}
