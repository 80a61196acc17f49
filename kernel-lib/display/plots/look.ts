/** @file What the figures have in common: a title, margins, colours of windows, the frame around a panorama's axis. */

import type { PlotLayout } from "../../pages/plot-spec.js";
import { viridis } from "../../panorama/colors.js";

/** Text colours of a light and of a dark page: lines that stand before all others. */
export const INK = { light: "#1d1f23", dark: "#f1efea" } as const;

export { CATEGORIES } from "../../panorama/colors.js";

/** Text as Plotly shows it unchanged: it knows a few tags, and these three entities. */
export const plainText = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** A layout with a title, which is text: markup in it is shown, not obeyed. */
export function titled(title: string, rest: PlotLayout): PlotLayout {
  return {
    title: { text: plainText(title) },
    margin: { l: 56, r: 20, t: 66, b: 48 },
    legend: { orientation: "h", x: 0, xanchor: "left", y: 1, yanchor: "bottom" },
    ...rest,
  };
}

/** The parts of viridis whose lines keep their contrast, on a light and on a dark page. */
const SPAN = { light: [0, 0.8], dark: [0.3, 1] } as const;

/** The colour of a window's line by where it lies: `at` 0 is the first window, 1 the last. */
export function windowColour(at: number, scheme: "light" | "dark"): string {
  const [from, to] = SPAN[scheme];
  return viridis(from + (to - from) * at);
}

/** The scale of `windowColour`, as Plotly takes one. */
export const windowScale = (scheme: "light" | "dark"): [number, string][] =>
  [0, 0.25, 0.5, 0.75, 1].map((at) => [at, windowColour(at, scheme)]);

/** All of viridis, as Plotly takes a scale. */
export const VIRIDIS_SCALE: readonly (readonly [number, string])[] = Array.from({ length: 9 }, (_, k) => [k / 8, viridis(k / 8)]);
