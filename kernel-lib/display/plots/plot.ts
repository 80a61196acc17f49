/** @file Shows a figure: HTML with a still picture, and a job for the page's script. */

import { dataUrl, escapeHtml } from "../../pages/html.js";
import { figureJob } from "../../pages/panorama-figure.js";
import type { PlotSpec, PlotState } from "../../pages/plot-spec.js";
import { type Displayable, displayable, type MimeBundle } from "../display.js";
import { OUTPUT_WIDTH } from "../output-look.js";
import { figureState, type SharedState } from "../shared-state.js";
import { plotStill } from "./still.js";

export interface Figure {
  readonly spec: PlotSpec;
  /** alternative text with the figure's numbers; any text */
  readonly alt: string;
}

/** A Plotly figure. Its state (axes, legend, chosen window, clicked point) is shared with the page where the front end has widgets. */
export interface PlotFigure extends Displayable, SharedState<PlotState> {}

let made = 0;

/** Makes a displayable of a figure. @param make called once, when the figure is first shown */
export function plot(make: () => Promise<Figure>): PlotFigure {
  const id = `veduta-plot-${process.pid}-${Date.now().toString(36)}-${made++}`; // unique across kernel restarts
  const shared = plotState();
  let drawn: Promise<MimeBundle> | undefined;
  const bundle = () => {
    drawn ??= make().then((figure) => draw(id, figure, shared.join()));
    return drawn;
  };
  return withState(displayable(bundle, { needs: ["plots"] }), shared);
}

const plotState = () => figureState<PlotState>({}, (state, change) => ({ ...state, ...checkedPlot(change) }));

const withState = (shown: Displayable, shared: SharedState<PlotState>): PlotFigure => ({
  ...shown,
  get state() {
    return shared.state;
  },
  read: shared.read,
  set: shared.set,
  observe: shared.observe,
});

/** @throws RangeError for a change that no figure takes */
function checkedPlot(change: Partial<PlotState>): Partial<PlotState> {
  const refuse = (key: string, wanted: string) => {
    throw new RangeError(`plot: state.${key}: got ${JSON.stringify(change[key as keyof PlotState])}, want ${wanted}`);
  };
  const place = (k: unknown) => Number.isInteger(k) && (k as number) >= 0;
  for (const key of Object.keys(change))
    if (!["axes", "hidden", "window", "point"].includes(key)) refuse(key, "axes, hidden, window or point instead");
  const { axes = {}, hidden = [], window = null } = change;
  for (const [name, range] of Object.entries(axes))
    if (!/^[xy]axis\d*$/.test(name) || range?.length !== 2) refuse("axes", "ranges by name, such as { xaxis: [0, 10] }");
  if (!hidden.every(place)) refuse("hidden", "the places of traces, whole numbers from 0");
  if (window !== null && !place(window)) refuse("window", "null or a window's number");
  return change;
}

async function draw(id: string, figure: Figure, joined: string): Promise<MimeBundle> {
  const still = await plotStill(figure.spec);
  return {
    "text/html": plotHtml(id, { ...figure, src: dataUrl("image/png", still), joined }),
    "image/png": Buffer.from(still).toString("base64"),
    "text/plain": `[${figure.alt}]`,
  };
}

/** Makes a figure's HTML. Its root has the same height for the still and the live figure. */
export function plotHtml(id: string, { spec, alt, src, joined = "" }: Figure & { readonly src: string; readonly joined?: string }): string {
  const root = `position:relative;height:${spec.height}px;max-width:${OUTPUT_WIDTH}px`;
  const img = "width:100%;height:100%;object-fit:contain;object-position:left top;border-radius:4px;margin:0";
  return `<div id="${escapeHtml(id)}" class="veduta-plot"${joined} style="${root}"><img src="${escapeHtml(src)}" alt="${escapeHtml(alt)}" width="${OUTPUT_WIDTH}" style="max-width:${OUTPUT_WIDTH}px;${img}"></div>${figureJob([id, "plot", spec])}`;
}

/** A sentence in place of a figure, if there is nothing to draw. */
export const sentence = (text: string): PlotFigure =>
  withState(
    displayable(async () => ({ "text/html": `<p class="veduta-note">${escapeHtml(text)}</p>`, "text/plain": text })),
    plotState(),
  );
