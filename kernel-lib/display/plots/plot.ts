/** @file Shows a figure: HTML with a still picture, and a job for the page's script. */

import { dataUrl, escapeHtml } from "../../pages/html.js";
import { figureJob } from "../../pages/panorama-figure.js";
import type { PlotSpec } from "../../pages/plot-spec.js";
import { type Displayable, displayable, type MimeBundle } from "../display.js";
import { OUTPUT_WIDTH } from "../output-look.js";
import { plotStill } from "./still.js";

export interface Figure {
  readonly spec: PlotSpec;
  /** alternative text with the figure's numbers; any text */
  readonly alt: string;
}

let made = 0;

/** Makes a displayable of a figure. @param make called once, when the figure is first shown */
export function plot(make: () => Promise<Figure>): Displayable {
  const id = `veduta-plot-${process.pid}-${Date.now().toString(36)}-${made++}`; // unique across kernel restarts
  let drawn: Promise<MimeBundle> | undefined;
  const bundle = () => {
    drawn ??= make().then((figure) => draw(id, figure));
    return drawn;
  };
  return displayable(bundle, { needs: ["plots"] });
}

async function draw(id: string, figure: Figure): Promise<MimeBundle> {
  const still = await plotStill(figure.spec);
  return {
    "text/html": plotHtml(id, { ...figure, src: dataUrl("image/png", still) }),
    "image/png": Buffer.from(still).toString("base64"),
    "text/plain": `[${figure.alt}]`,
  };
}

/** Makes a figure's HTML. Its root has the same height for the still and the live figure. */
export function plotHtml(id: string, { spec, alt, src }: Figure & { readonly src: string }): string {
  const root = `position:relative;height:${spec.height}px;max-width:${OUTPUT_WIDTH}px`;
  const img = "width:100%;height:100%;object-fit:contain;object-position:left top;border-radius:4px;margin:0";
  return `<div id="${escapeHtml(id)}" class="veduta-plot" style="${root}"><img src="${escapeHtml(src)}" alt="${escapeHtml(alt)}" width="${OUTPUT_WIDTH}" style="max-width:${OUTPUT_WIDTH}px;${img}"></div>${figureJob([id, "plot", spec])}`;
}

/** A sentence in place of a figure, if there is nothing to draw. */
export const sentence = (text: string): Displayable =>
  displayable(async () => ({ "text/html": `<p class="veduta-note">${escapeHtml(text)}</p>`, "text/plain": text }));
