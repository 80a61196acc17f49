/**
 * @file The plots' script, built with Plotly to dist/viewer/veduta-plots.js. It makes the figures of a page live; outside a browser it draws their
 * still pictures. A figure that leaves the page frees its resources; one that returns is made live again.
 */
import Plotly from "plotly.js-dist";
import type { PlotSpec } from "../../../kernel-lib/pages/plot-spec.js";
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

let later: ReturnType<typeof setTimeout>;

/** Restyles visible figures at once, and the others one after the other, so that a long page stays responsive. */
function restyle(): void {
  const onScreen = ({ root }: LivePlot): boolean => {
    const { top, bottom } = root.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  };
  const all = [...live.values()];
  const near = new Set(all.filter(onScreen)); // checked for all before any is drawn, since each drawing causes a layout
  for (const plot of near) plot.restyle();
  const far = all.filter((plot) => !near.has(plot));
  const next = () => {
    far.shift()?.restyle();
    if (far.length > 0) later = setTimeout(next);
  };
  clearTimeout(later);
  later = setTimeout(next);
}

(globalThis as typeof globalThis & { vedutaPlots?: unknown }).vedutaPlots ??= { Plotly, plotSvg };
if (typeof matchMedia === "function" && takeFigures({ plot: revive })) {
  new MutationObserver(attend).observe(document, { childList: true, subtree: true });
  onScheme(restyle);
  onChoice(restyle);
}
