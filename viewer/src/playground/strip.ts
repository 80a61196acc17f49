/** @file The columns of two windows over the steps, as colours: −1 blue, 0 the page's ground, +1 orange. */
import { CATEGORIES, PAGE } from "../../../kernel-lib/panorama/colors.js";
import { type Painted, WINDOW } from "./two-windows.js";

const rgb = (hex: string): readonly number[] => {
  const full = hex.length === 4 ? hex.replace(/[^#]/g, "$&$&") : hex;
  return [1, 3, 5].map((at) => Number.parseInt(full.slice(at, at + 2), 16));
};

/** Draws a row of columns for each latent, the noise first; the two windows lie side by side with a gap of one column. */
export function drawStrip(canvas: HTMLCanvasElement, { first, second }: Painted, scheme: keyof typeof PAGE): void {
  const width = 2 * WINDOW + 1;
  canvas.width = width;
  canvas.height = first.length;
  const context = canvas.getContext("2d");
  if (!context) return;
  const picture = context.createImageData(width, first.length);
  const [blue, ground, orange] = [CATEGORIES.blue, PAGE[scheme].card, CATEGORIES.orange].map(rgb);
  first.forEach((own, row) => {
    const values = [...own, Number.NaN, ...second[row]];
    for (const [column, value] of values.entries()) {
      if (Number.isNaN(value)) continue; // the gap stays transparent
      const share = Math.min(1, Math.abs(value) / 1.4);
      const end = value < 0 ? blue : orange;
      picture.data.set([...ground.map((from, c) => from + share * (end[c] - from)), 255], 4 * (row * width + column));
    }
  });
  context.putImageData(picture, 0, 0);
}
