/** @file Applies the page's colour scheme and the chosen window to a figure's data and layout. */
import type { Attributes } from "plotly.js-dist";
import type { PlotSpec } from "../../../kernel-lib/pages/plot-spec.js";
import type { Scheme } from "../scheme.js";
import { template } from "./theme.js";

/** The colour scheme and the chosen window. */
export interface Appearance {
  readonly scheme: Scheme;
  /** the chosen window */
  readonly window: number | null;
}

/** The traces, with Plotly's current zoom and legend, in an appearance. */
export function styledData(spec: PlotSpec, now: readonly Attributes[], { scheme, window }: Appearance): Attributes[] {
  return now.map((trace, k) => {
    const styled = { ...trace };
    for (const [path, value] of Object.entries(spec.dark?.[k] ?? {}))
      put(styled, path, scheme === "dark" ? value : get(spec.data[k] as Attributes, path));
    const line = spec.link?.lines?.[k];
    if (typeof line !== "number") return styled;
    const [width, chosen] = [get(spec.data[k] as Attributes, "line.width"), line === window];
    put(styled, "line.width", chosen ? 4 : width);
    styled.opacity = window === null || chosen ? 1 : 0.22;
    return styled;
  });
}

/** The layout, as Plotly has it now, in an appearance: frames around the chosen window's cells. */
export function styledLayout(spec: PlotSpec, now: Attributes, { scheme, window }: Appearance): Attributes {
  const styled = { ...now, template: template(scheme) };
  const frames = spec.link?.frames;
  if (!frames) return styled;
  const chosen = window === null ? [] : (frames[window] ?? []);
  const shapes = [
    ...((spec.layout.shapes as readonly Attributes[] | undefined) ?? []),
    ...chosen.flatMap((rect) => [frame(rect, "#000", 5), frame(rect, "#fff", 2.5)]),
  ];
  return { ...styled, shapes };
}

const frame = ([x0, x1, y0, y1]: readonly [number, number, number, number], color: string, width: number): Attributes => ({
  type: "rect",
  xref: "x",
  yref: "paper",
  x0,
  x1,
  y0,
  y1,
  line: { color, width },
});

function get(from: Attributes, path: string): unknown {
  return path.split(".").reduce<unknown>((at, key) => (at as Attributes | undefined)?.[key], from);
}

/** Sets a value at a path; objects on the way are copied. */
function put(into: Attributes, path: string, value: unknown): void {
  const keys = path.split(".");
  const last = keys.pop() as string;
  let at = into;
  for (const key of keys) {
    at[key] = { ...(at[key] as Attributes | undefined) };
    at = at[key] as Attributes;
  }
  at[last] = value;
}
