/** @file What the outputs of a notebook have in common: their width, and the bar of those that change in place. */
import { WARNING } from "../panorama/colors.js";

/** Maximum width of previews, bars, strips and plots in CSS pixels, so that they line up below each other. */
export const OUTPUT_WIDTH = 768;

/** The style of an output's words: one font, and digits of one width, so that nothing moves when a number changes. */
export const OUTPUT_STYLE = `max-width:${OUTPUT_WIDTH}px;font:13px/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums`;

/** Colours of a bar, readable on white and on black. */
const COLOURS = { going: "#2f88a0", stopped: WARNING } as const;

/** Makes a bar. @param part from 0 to 1 */
export function barHtml(part: number, state: keyof typeof COLOURS): string {
  const share = Math.round(1000 * part) / 10;
  return `<div style="height:6px;margin:8px 0 6px;border-radius:3px;overflow:hidden;background:rgb(128 128 128/.28)"><div style="width:${share}%;height:100%;background:${COLOURS[state]}"></div></div>`;
}
