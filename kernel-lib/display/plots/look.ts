/** @file The common look of the figures: titles, margins, and the colours of windows. */

import type { PlotLayout } from "../../pages/plot-spec.js";
import { viridis } from "../../panorama/colors.js";

/** Text colours of a light and a dark page, also used for the most prominent lines. */
export const INK = { light: "#1d1f23", dark: "#f1efea" } as const;

export { CATEGORIES } from "../../panorama/colors.js";

/** Escapes text for Plotly, which knows a few tags and these three entities. */
export const plainText = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Makes a layout with a title; markup in the title is shown as text. */
export function titled(title: string, rest: PlotLayout): PlotLayout {
  return {
    title: { text: plainText(title) },
    margin: { l: 56, r: 20, t: 66, b: 48 },
    legend: { orientation: "h", x: 0, xanchor: "left", y: 1, yanchor: "bottom" },
    ...rest,
  };
}

/** The parts of viridis with enough contrast for lines on a light and a dark page. */
const SPAN = { light: [0, 0.8], dark: [0.3, 1] } as const;

/** The colour of a window's line by its place: `at` is 0 for the first window, 1 for the last. */
export function windowColour(at: number, scheme: "light" | "dark"): string {
  const [from, to] = SPAN[scheme];
  return viridis(from + (to - from) * at);
}

/** The scale of `windowColour` in Plotly's form. */
export const windowScale = (scheme: "light" | "dark"): [number, string][] =>
  [0, 0.25, 0.5, 0.75, 1].map((at) => [at, windowColour(at, scheme)]);

/** All of viridis in Plotly's form. */
export const VIRIDIS_SCALE: readonly (readonly [number, string])[] = Array.from({ length: 9 }, (_, k) => [k / 8, viridis(k / 8)]);
