/** @file A figure as an output: HTML with its still picture inside, and its job for the page's script. */
import { type Displayable, displayable } from "../display.js";
import { figureJob } from "../figure.js";
import { dataUrl, escapeHtml } from "../html.js";
import type { PlotSpec } from "./plot-spec.js";
import { plotStill, STILL_WIDTH } from "./still.js";

let made = 0;

/** @param alt what the figure shows, with its numbers, for those who cannot see it; any text */
export function plot(make: () => Promise<{ readonly spec: PlotSpec; readonly alt: string }>): Displayable {
  return displayable(async () => {
    const { spec, alt } = await make();
    const id = `veduta-plot-${process.pid}-${made++}`;
    const still = await plotStill(spec);
    return { "text/html": plotHtml(id, { spec, alt, src: dataUrl("image/png", still) }), "text/plain": alt };
  });
}

/** The root keeps the figure's height from the still to the live figure, whatever the page's width. */
export function plotHtml(id: string, { spec, alt, src }: { spec: PlotSpec; alt: string; src: string }): string {
  const root = `position:relative;height:${spec.height}px;max-width:1100px`;
  const img = "width:100%;height:100%;object-fit:contain;object-position:left top;border-radius:4px;margin:0";
  return `<div id="${escapeHtml(id)}" class="veduta-plot" style="${root}"><img src="${escapeHtml(src)}" alt="${escapeHtml(alt)}" width="${STILL_WIDTH}" style="max-width:${STILL_WIDTH}px;${img}"></div>${figureJob([id, "plot", spec])}`;
}

/** A sentence where there is nothing to draw. */
export const sentence = (text: string): Displayable =>
  displayable(async () => ({ "text/html": `<p class="veduta-note">${escapeHtml(text)}</p>`, "text/plain": text }));
