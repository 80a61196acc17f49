/** @file One live figure: Plotly's drawing replaces its still picture, at the same height. */
import Plotly, { type Attributes, type Drawn, type PointEvent } from "plotly.js-dist";
import type { PlotSpec, PlotState } from "../../../kernel-lib/pages/plot-spec.js";
import { schemeAt } from "../scheme.js";
import { tellState } from "../state.js";
import { clickedPoint, readPlotState, writePlotState } from "./plot-state.js";
import { choose, chosenWindow } from "./selection.js";
import { styledData, styledLayout } from "./styled.js";

/** The root element of a figure; `plot` once it is live. */
export interface PlotRoot extends HTMLElement {
  plot?: {
    /** What the figure shows. To change it, assign a whole or partial state. */
    get state(): PlotState;
    set state(change: Partial<PlotState>);
  };
}

/** A live figure. */
export interface LivePlot {
  readonly root: PlotRoot;
  /** redraws in the page's colour scheme, with the chosen window */
  restyle(): void;
  dispose(): void;
}

/** Plotly's configuration without network access: no upload button, and no map outlines, which would be fetched. */
const CONFIG = {
  displaylogo: false,
  responsive: false,
  showSendToCloud: false,
  plotlyServerURL: "",
  topojsonURL: "data:,",
  modeBarButtonsToRemove: ["select2d", "lasso2d"],
};

/** Makes a figure live. */
export function livePlot(root: PlotRoot, spec: PlotSpec): LivePlot {
  const still = root.querySelector("img");
  const place = document.createElement("div");
  place.className = "veduta-plot-live";
  place.style.cssText = "width:100%;height:100%";
  place.setAttribute("role", "figure");
  place.setAttribute("aria-label", still?.alt ?? "");
  const look = () => ({ scheme: schemeAt(root), window: chosenWindow(spec.link?.run) });
  let shown = JSON.stringify(look());
  let drawn: Drawn | undefined;
  let point: PlotState["point"] = null;
  let width = 0;
  const sized = new ResizeObserver(([{ contentRect }]) => {
    const changed = contentRect.width > 0 && contentRect.width !== width;
    width = contentRect.width;
    if (changed && drawn)
      Plotly.Plots.resize(drawn)
        .then(() => fitTitle(place, drawn))
        .catch(() => undefined); // rejects if the figure is hidden by then
  });

  const start = async () => {
    root.append(place);
    // Touch scrolls the page; a mouse drag draws a box to zoom into.
    const touch = matchMedia("(pointer: coarse)").matches ? { dragmode: false } : {};
    const first = { height: spec.height, autosize: true, uirevision: "kept", ...touch, ...spec.layout };
    drawn = await Plotly.newPlot(place, styledData(spec, spec.data as Attributes[], look()), styledLayout(spec, first, look()), CONFIG);
    if (still) still.style.display = "none";
    root.dataset.state = "live";
    sized.observe(root);
    const { link } = spec;
    share(drawn);
    if (!link) return;
    const windowOf = ({ points: [point] }: PointEvent) =>
      link.lines ? link.lines[point.curveNumber] : typeof point.customdata === "number" ? point.customdata : null;
    const letGo = () => choose({ run: link.run, window: null });
    drawn.on("plotly_click", (event) => {
      const window = windowOf(event);
      // On a slow page the browser counts clicks more reliably than Plotly.
      if (event.event.detail > 1) letGo();
      else if (typeof window === "number") choose({ run: link.run, window: window === chosenWindow(link.run) ? null : window });
    });
    drawn.on("plotly_doubleclick", letGo);
  };
  /** Lets the page's other scripts read and change the state, and tells them of changes. */
  function share(live: Drawn): void {
    live.on("plotly_relayout", () => tellState(root));
    live.on("plotly_restyle", () => tellState(root));
    live.on("plotly_click", ({ points }) => {
      point = clickedPoint(points[0]);
      tellState(root);
    });
    root.plot = {
      get state() {
        return readPlotState(live, chosenWindow(spec.link?.run), point);
      },
      set state(change) {
        if (change.point !== undefined) point = change.point;
        if (change.window !== undefined && spec.link) choose({ run: spec.link.run, window: change.window });
        void writePlotState(live, change).then(() => tellState(root));
      },
    };
    tellState(root);
  }
  start().catch((error: unknown) => {
    dispose();
    root.dataset.state = "still";
    console.warn("veduta: the still picture stays", error);
  });

  function restyle(): void {
    const now = JSON.stringify(look());
    if (!drawn || now === shown) return;
    shown = now;
    void Plotly.react(drawn, styledData(spec, drawn.data, look()), styledLayout(spec, drawn.layout, look()));
    tellState(root);
  }
  function dispose(): void {
    sized.disconnect();
    drawn = undefined;
    Plotly.purge(place);
    place.remove();
    if (still) still.style.display = "";
    delete root.dataset.state;
    delete root.plot;
  }
  return { root, restyle, dispose };
}

/** Makes a title that is wider than its figure smaller, and never larger than it was meant to be. */
async function fitTitle(place: HTMLElement, drawn: Drawn | undefined): Promise<void> {
  const text = place.querySelector<SVGTextElement>(".gtitle");
  const [room, taken] = [place.clientWidth - 16, text?.getBBox().width ?? 0];
  if (!text || !drawn || taken === 0 || room <= 0) return;
  const size = Number.parseFloat(getComputedStyle(text).fontSize);
  place.dataset.titleSize ??= String(size);
  const fitting = Math.floor(Math.min(Number(place.dataset.titleSize), (size * room) / taken));
  if (fitting !== Math.floor(size)) await Plotly.relayout(drawn, { "title.font.size": fitting });
}

/** Draws the figure for a light page as SVG, without buttons, for a still picture. */
export function plotSvg(spec: PlotSpec, width: number): Promise<string> {
  const look = { scheme: "light", window: null } as const;
  const figure = {
    data: styledData(spec, spec.data as Attributes[], look),
    layout: styledLayout(spec, { ...spec.layout, updatemenus: [] }, look),
  };
  return Plotly.toImage(figure, { format: "svg", width, height: spec.height, imageDataOnly: true });
}
