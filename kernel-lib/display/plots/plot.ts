/** @file A figure as an output: HTML with its still picture inside, and its job for the page's script. */

import { figureJob } from "../../pages/panorama-figure.js";
import { dataUrl, escapeHtml } from "../../pages/html.js";
import type { PlotSpec } from "../../pages/plot-spec.js";
import { type Displayable, displayable, type MimeBundle } from "../display.js";
import { plotStill, STILL_WIDTH } from "./still.js";

export interface Figure {
  readonly spec: PlotSpec;
  /** what it shows, with its numbers, for those who cannot see it; any text */
  readonly alt: string;
}

let made = 0;

/** @param make called once, when the figure is shown first */
export function plot(make: () => Promise<Figure>): Displayable {
  const id = `veduta-plot-${process.pid}-${Date.now().toString(36)}-${made++}`; // one output beside another, of this kernel or an earlier one
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

/** The root keeps the figure's height from the still to the live figure, whatever the page's width. */
export function plotHtml(id: string, { spec, alt, src }: Figure & { readonly src: string }): string {
  const root = `position:relative;height:${spec.height}px;max-width:1100px`;
  const img = "width:100%;height:100%;object-fit:contain;object-position:left top;border-radius:4px;margin:0";
  return `<div id="${escapeHtml(id)}" class="veduta-plot" style="${root}"><img src="${escapeHtml(src)}" alt="${escapeHtml(alt)}" width="${STILL_WIDTH}" style="max-width:${STILL_WIDTH}px;${img}"></div>${figureJob([id, "plot", spec])}`;
}

/** A sentence where there is nothing to draw. */
export const sentence = (text: string): Displayable =>
  displayable(async () => ({ "text/html": `<p class="veduta-note">${escapeHtml(text)}</p>`, "text/plain": text }));
