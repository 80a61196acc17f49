/** @file The labels of the strip of windows' axes. */
import type { PlotTrace } from "../../pages/plot-spec.js";
import { type PlottedStep, rounded } from "./plotted-steps.js";

/** Five degree labels from edge to edge. */
export function degreeTicks(span: number): PlotTrace {
  const tickvals = [-0.5, -0.25, 0, 0.25, 0.5].map((at) => rounded(at * span));
  return { tickvals, ticktext: tickvals.map((at) => `${at < 0 ? "−" : ""}${Math.round(Math.abs(at))}°`) };
}

/** About six step labels, at the middle of their rows. */
export function stepTicks(rows: readonly PlottedStep[]): PlotTrace {
  const gap = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((g) => rows.length / g <= 7) ?? rows.length;
  const labelled = rows.map(({ index }, k) => ({ index, at: k + 0.5 })).filter((_, k) => k % gap === 0);
  return { tickvals: labelled.map(({ at }) => at), ticktext: labelled.map(({ index }) => String(index)) };
}
