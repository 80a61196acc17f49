/** @file Panels of lines over the steps, one below the other: what an edit or Langevin dynamics measures. */
import { short } from "../../core/words.js";
import type { PlotLayout, PlotSpec, PlotTrace } from "../../pages/plot-spec.js";
import { INK, titled, windowColour } from "./look.js";
import type { Figure } from "./plot.js";
import { rounded, stepAxis, valueAxis } from "./plotted-steps.js";

/** One panel: a line for each row, and their mean where there are several. */
export interface Panel {
  /** of its axis */
  readonly title: string;
  /** [steps] values of each row; undefined where a step has none */
  readonly rows: readonly (readonly (number | undefined)[])[];
  readonly scale: "log" | "linear";
  /** of a horizontal line, such as an expected value */
  readonly level?: number;
}

const PANEL = 190; // pixels
const HEAD = 66;
const FOOT = 48;
const GAP = 0.07; // share of the plot between two panels

/** Draws panels with one axis of steps. @param what a row is: "picture", "code" */
export function stepLines(title: string, steps: readonly number[], panels: readonly Panel[], what: string): Figure {
  const drawn = panels.filter(({ rows }) => rows.some((row) => row.some((value) => value !== undefined)));
  const height = HEAD + FOOT + drawn.length * PANEL;
  const traces: { trace: PlotTrace; dark: Record<string, unknown> | null }[] = [];
  const axes: Record<string, PlotLayout> = {};
  for (const [k, panel] of drawn.entries()) {
    const n = k === 0 ? "" : String(k + 1);
    const top = 1 - k * ((1 + GAP) / drawn.length);
    axes[`xaxis${n}`] = {
      anchor: `y${n}`,
      ...stepAxis(steps[0], steps[steps.length - 1]),
      ...(k < drawn.length - 1 ? { title: undefined } : {}),
    };
    axes[`yaxis${n}`] = {
      anchor: `x${n}`,
      domain: [Math.max(0, top - (1 - GAP * (drawn.length - 1)) / drawn.length), top],
      title: { text: panel.title },
      tickformat: "~g",
      ...valueAxis(panel.scale, panel.rows.flat().filter((value) => value !== undefined) as number[]),
    };
    traces.push(...linesOf(panel, steps, { n, what, first: k === 0 }));
  }
  const spec: PlotSpec = {
    data: traces.map(({ trace }) => trace),
    dark: traces.map(({ dark }) => dark),
    height,
    layout: titled(title, { hovermode: "closest", ...axes }),
  };
  const course = drawn.map(({ title: name, rows }) => `${name} goes from ${ends(rows)}`);
  const count = drawn[0]?.rows.length ?? 0;
  return { spec, alt: `${title}: ${count} ${what}${count === 1 ? "" : "s"} over ${steps.length} steps; ${course.join("; ")}.` };
}

function linesOf({ rows, level }: Panel, steps: readonly number[], { n, what, first }: { n: string; what: string; first: boolean }) {
  const several = rows.length > 1;
  const line = (values: readonly (number | undefined)[], name: string, look: object, dark: Record<string, unknown> | null) => {
    const kept = values.flatMap((value, k) => (value === undefined ? [] : [{ x: steps[k], y: rounded(value) }]));
    const trace: PlotTrace = {
      type: "scatter",
      mode: "lines",
      name,
      xaxis: `x${n}`,
      yaxis: `y${n}`,
      x: kept.map(({ x }) => x),
      y: kept.map(({ y }) => y),
      showlegend: false,
      hovertemplate: `${name}, step %{x}: %{y:.3~r}<extra></extra>`,
      ...look,
    };
    return { trace, dark };
  };
  const at = (k: number) => k / Math.max(1, rows.length - 1);
  const each = rows.map((row, k) =>
    line(
      row,
      `${what} ${k}`,
      { line: { color: windowColour(at(k), "light"), width: several ? 1.5 : 2.5 } },
      { "line.color": windowColour(at(k), "dark") },
    ),
  );
  const means = steps.map((_, k) => average(rows.flatMap((row) => (row[k] === undefined ? [] : [row[k] as number]))));
  const mean = several
    ? [line(means, "mean", { line: { color: INK.light, width: 3 }, showlegend: first }, { "line.color": INK.dark })]
    : [];
  const flat =
    level === undefined
      ? []
      : [
          line(
            steps.map(() => level),
            `expected ${level}`,
            { line: { color: INK.light, width: 1, dash: "dash" } },
            { "line.color": INK.dark },
          ),
        ];
  return [...each, ...mean, ...flat];
}

const average = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((a, b) => a + b, 0) / values.length;

/** "0.1 to 2", the means of the first and the last measured step. */
function ends(rows: readonly (readonly (number | undefined)[])[]): string {
  const means = rows[0]
    .map((_, k) => average(rows.flatMap((row) => (row[k] === undefined ? [] : [row[k] as number]))))
    .filter((x) => x !== undefined);
  return `${short(means[0] as number)} to ${short(means[means.length - 1] as number)}`;
}
