/**
 * @file The figures' script, built with Plotly to dist/viewer/veduta-plots.js: it makes the figures of a page live, and outside a browser it
 * draws their stills. A figure that leaves the page gives back what it held; one that comes back is made live again.
 */
import Plotly from "plotly.js-dist";
import type { PlotSpec } from "../../../kernel-lib/notebook/plots/plot-spec.js";
import { takeFigures } from "../queue.js";
import { onScheme } from "../scheme.js";
import { type LivePlot, livePlot, plotSvg } from "./live-plot.js";
import { onChoice } from "./selection.js";

const specs = new WeakMap<Element, PlotSpec>();
const live = new Map<HTMLElement, LivePlot>();

function revive(root: HTMLElement, spec: PlotSpec): void {
  live.get(root)?.dispose();
  specs.set(root, spec);
  live.set(root, livePlot(root, spec));
}

function attend(records: readonly MutationRecord[]): void {
  for (const [root, plot] of live)
    if (!root.isConnected) {
      plot.dispose();
      live.delete(root);
    }
  for (const { addedNodes } of records)
    for (const node of addedNodes)
      if (node instanceof HTMLElement)
        for (const root of [node, ...node.querySelectorAll<HTMLElement>(".veduta-plot")]) {
          const spec = specs.get(root);
          if (spec && !live.has(root) && root.isConnected) revive(root, spec);
        }
}

const restyle = () => {
  for (const plot of live.values()) plot.restyle();
};

(globalThis as typeof globalThis & { vedutaPlots?: unknown }).vedutaPlots ??= { Plotly, plotSvg };
if (typeof matchMedia === "function" && takeFigures({ plot: revive })) {
  new MutationObserver(attend).observe(document, { childList: true, subtree: true });
  onScheme(restyle);
  onChoice(restyle);
}
