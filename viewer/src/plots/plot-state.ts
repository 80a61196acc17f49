/** @file The state of a live figure: what its axes show, what its legend hides, the chosen window and the point clicked last. */
import Plotly, { type Attributes, type Drawn, type PlotPoint } from "plotly.js-dist";
import type { PlotState } from "../../../kernel-lib/pages/plot-spec.js";

type Range = PlotState["axes"][string];

/** What an axis shows, where it was chosen rather than fitted to the data. */
function chosenRange(axis: Attributes): Range | undefined {
  const { range, autorange } = axis as { readonly range?: Range; readonly autorange?: unknown };
  return range && (autorange === false || autorange === undefined) ? [range[0], range[1]] : undefined;
}

/** Reads the state of a drawn figure. */
export function readPlotState(drawn: Drawn, window: number | null, point: PlotState["point"]): PlotState {
  const axes = axisNames(drawn).flatMap((name) => {
    const range = chosenRange(drawn.layout[name] as Attributes);
    return range ? [[name, range] as const] : [];
  });
  const hidden = drawn.data.flatMap(({ visible }, k) => (visible === "legendonly" ? [k] : []));
  return { axes: Object.fromEntries(axes), hidden, window, point };
}

/** Changes what the axes show and what the legend hides. */
export async function writePlotState(drawn: Drawn, { axes, hidden }: Partial<PlotState>): Promise<void> {
  if (axes) {
    const names = [...new Set([...axisNames(drawn), ...Object.keys(axes)])];
    const changes = names.map((name) => (axes[name] ? [`${name}.range`, axes[name]] : [`${name}.autorange`, true]));
    await Plotly.relayout(drawn, Object.fromEntries(changes));
  }
  if (hidden) {
    const visible = drawn.data.map((trace, k) => {
      if (hidden.includes(k)) return "legendonly";
      return trace.visible === "legendonly" ? true : (trace.visible ?? true);
    });
    await Plotly.restyle(drawn, { visible });
  }
}

/** A clicked point as the state has it. */
export const clickedPoint = ({ curveNumber, pointNumber, x, y }: PlotPoint): PlotState["point"] => ({
  trace: curveNumber,
  index: pointNumber ?? null,
  x: plainValue(x),
  y: plainValue(y),
});

const plainValue = (x: unknown): number | string | null => (typeof x === "number" || typeof x === "string" ? x : null);

const axisNames = ({ layout }: Drawn): string[] => Object.keys(layout).filter((name) => /^[xy]axis\d*$/.test(name));
