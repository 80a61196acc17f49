/** @file Any Plotly figure, of a reader's own data. */

import type { PlotLayout, PlotSpec, PlotTrace } from "../../pages/plot-spec.js";
import type { Displayable } from "../display.js";
import { plot } from "./plot.js";

export interface FigureOptions {
  /** what it shows, for those who cannot see it; any text. Default its title, or the types of its traces */
  readonly alt?: string;
  /** pixels; default the layout's height, else 400 */
  readonly height?: number;
}

/**
 * A figure of any of Plotly's trace types. Titles and labels are Plotly's: they take its few tags (`<b>`, `<sub>`, `<br>`), no others.
 * Typed arrays are fine; a number that is not finite is a gap. Traces that WebGL draws (surface, scatter3d, scattergl, …) have a sentence for a still.
 * @throws TypeError for no list of traces, and for a value that JSON does not keep, such as a function, naming where it is
 */
export function figure(data: readonly PlotTrace[], layout: PlotLayout = {}, { alt, height }: FigureOptions = {}): Displayable {
  if (!Array.isArray(data))
    throw new TypeError(`figure: got ${typeof data} as data, want a list of traces, such as [{ type: "bar", y: [1, 2] }]`);
  const tall = height ?? (typeof layout.height === "number" ? layout.height : 400);
  const spec: PlotSpec = {
    data: plain(data, "data") as PlotTrace[],
    layout: {
      margin: { l: 60, r: 24, t: layout.title === undefined ? 28 : 56, b: 48 },
      ...withTitles(withoutSize(plain(layout, "layout") as PlotLayout)),
    },
    height: tall,
  };
  return plot(async () => ({ spec, alt: alt ?? described(spec) }));
}

/** The width follows the page, and the height is the figure's. */
const withoutSize = ({ width: _, height: __, ...layout }: PlotLayout): PlotLayout => layout;

/** Plotly takes titles as `{ text }` alone since its version 3; a text is as good here, of the figure and of its axes. */
function withTitles(layout: PlotLayout): PlotLayout {
  const entries = Object.entries(layout).map(([key, value]): [string, unknown] => {
    if (key === "title" && typeof value === "string") return [key, { text: value }];
    const axis = /axis\d*$/.test(key) && typeof value === "object" && value !== null;
    return [key, axis ? withTitles(value as PlotLayout) : value];
  });
  return Object.fromEntries(entries);
}

/** A copy that JSON keeps: typed arrays as lists. */
function plain(value: unknown, where: string): unknown {
  if (typeof value === "function" || typeof value === "symbol" || typeof value === "bigint")
    throw new TypeError(`figure: got a ${typeof value} at ${where}, want plain data; a page cannot take it`);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as unknown as ArrayLike<number>);
  if (Array.isArray(value)) return value.map((entry, k) => plain(entry, `${where}[${k}]`));
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry, `${where}.${key}`)]));
}

function described({ data, layout: { title } }: PlotSpec): string {
  const text = typeof title === "string" ? title : (title as { text?: unknown } | undefined)?.text;
  if (typeof text === "string" && text !== "")
    return text
      .replace(/<[^>]*>/g, " ")
      .replace(/\s+/g, " ")
      .trim();
  return `Figure of ${data.map(({ type, name }) => [name, type ?? "scatter"].filter(Boolean).join(": ")).join(", ")}`;
}
