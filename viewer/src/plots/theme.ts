/** @file The look of figures on light and dark pages: Plotly templates, which a figure's own attributes override. */
import type { Attributes } from "plotly.js-dist";
import { CATEGORIES, PAGE } from "../../../kernel-lib/panorama/colors.js";
import type { Scheme } from "../scheme.js";

/** Text, secondary text, grid lines, and the background of hover boxes. */
const COLOURS = {
  light: { ...PAGE.light, line: "#dedbd4" },
  dark: { ...PAGE.dark, soft: "#b3b6bd", line: "#3a3d44", card: "#25282e" },
} as const;

/** The Plotly template of a colour scheme. */
export function template(scheme: Scheme): Attributes {
  const { ink, soft, line, card } = COLOURS[scheme];
  const apart = { ticklabelstandoff: 4 }; // px; else the zeros of two axes that begin at 0 touch
  const axis = { color: soft, gridcolor: line, zerolinecolor: line, linecolor: line, tickcolor: line, ...apart };
  const scene = {
    xaxis: { gridcolor: line, color: soft },
    yaxis: { gridcolor: line, color: soft },
    zaxis: { gridcolor: line, color: soft },
  };
  const layout = {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: "system-ui, -apple-system, Segoe UI, Roboto, DejaVu Sans, sans-serif", size: 12, color: ink },
    title: {
      x: 0,
      xref: "container",
      xanchor: "left",
      y: 1,
      yref: "container",
      yanchor: "top",
      pad: { l: 8, t: 10 },
      font: { size: 15, color: ink },
    },
    colorway: Object.values(CATEGORIES),
    xaxis: axis,
    yaxis: axis,
    scene,
    hoverlabel: { bgcolor: card, bordercolor: soft, font: { color: ink } },
    // above the plot: beside it, a legend takes most of a narrow figure
    legend: { bgcolor: "rgba(0,0,0,0)", orientation: "h", x: 0, xanchor: "left", y: 1, yanchor: "bottom" },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: soft, activecolor: ink },
    // Plotly's active button is light on every page, so all buttons are light with dark text.
    updatemenudefaults: { bgcolor: "#e4e6ea", bordercolor: soft, font: { color: "#1d1f23" } },
  };
  const scale = { colorbar: { tickcolor: line, outlinewidth: 0, thickness: 10 } };
  return { layout, data: { heatmap: [scale], scatter: [{ marker: scale }] } };
}
