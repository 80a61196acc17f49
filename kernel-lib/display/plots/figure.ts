/** @file Shows any Plotly figure of the user's own data. */

import type { PlotLayout, PlotSpec, PlotTrace } from "../../pages/plot-spec.js";
import { type PlotFigure, plot } from "./plot.js";

/** Options of `figure`. */
export interface FigureOptions {
  /** alternative text, any text; default the title, or the types of the traces */
  readonly alt?: string;
  /** height in pixels; default the layout's height, else 400 */
  readonly height?: number;
}

/**
 * Shows a figure of any of Plotly's trace types. Titles and labels may have Plotly's few tags (`<b>`, `<sub>`, `<br>`). Typed arrays are
 * allowed; NaN and infinity become gaps. The still picture of a WebGL trace (surface, scatter3d, scattergl, …) is a sentence.
 * @throws TypeError if `data` is not a list of traces, and for a value that JSON cannot hold, such as a function, with its place
 */
export function figure(data: readonly PlotTrace[], layout: PlotLayout = {}, { alt, height }: FigureOptions = {}): PlotFigure {
  if (!Array.isArray(data))
    throw new TypeError(`figure: got ${typeof data} as data, want a list of traces, such as [{ type: "bar", y: [1, 2] }]`);
  const tall = height ?? (typeof layout.height === "number" ? layout.height : 400);
  const spec: PlotSpec = {
    data: plain(data, "data") as PlotTrace[],
    layout: {
      margin: { l: 60, r: 24, t: layout.title === undefined ? 28 : 68, b: 48 },
      ...withTitles(withoutSize(plain(layout, "layout") as PlotLayout)),
    },
    height: tall,
  };
  return plot(async () => ({ spec, alt: alt ?? described(spec) }));
}

/** Removes width and height: the width follows the page, and the height is an option. */
const withoutSize = ({ width: _, height: __, ...layout }: PlotLayout): PlotLayout => layout;

/** Turns titles that are texts, of the figure and of its axes, into `{ text }`, the only form that Plotly takes since version 3. */
function withTitles(layout: PlotLayout): PlotLayout {
  const entries = Object.entries(layout).map(([key, value]): [string, unknown] => {
    if (key === "title" && typeof value === "string") return [key, { text: value }];
    const axis = /axis\d*$/.test(key) && typeof value === "object" && value !== null;
    return [key, axis ? withTitles(value as PlotLayout) : value];
  });
  return Object.fromEntries(entries);
}

/** Copies a value as plain JSON data; typed arrays become lists. */
function plain(value: unknown, where: string): unknown {
  if (typeof value === "function" || typeof value === "symbol" || typeof value === "bigint")
    throw new TypeError(`figure: got a ${typeof value} at ${where}, want plain data, which JSON can hold`);
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
