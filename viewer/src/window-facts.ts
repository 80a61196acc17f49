/** @file What is shown of one window below the picture: its numbers, its curves, its part of the picture; and the coverage map. */
import type { WindowsSpec } from "../../kernel-lib/pages/panorama-figure.js";
import type { StepNumbers } from "../../kernel-lib/runs/run-data.js";
import { chart } from "./chart.js";
import { make } from "./dom.js";
import { TEXTS } from "./texts.js";

/** Width of the coverage map in pixels. */
const MAP = 480;

/** A window's numbers in one step, as a sentence. */
export function numbers({ index, anchor, windows }: StepNumbers, j: number): string {
  const { loss, gradientNorm } = windows[j];
  if (j === anchor) return TEXTS.windowAnchor(index, j);
  return loss === undefined ? TEXTS.windowPlain(index, j) : TEXTS.windowNumbers(index, j, loss, gradientNorm);
}

/** The window's part of the picture. */
export function thumbnail(image: HTMLImageElement, { steps, width, height }: WindowsSpec, j: number): HTMLCanvasElement {
  const { left, top, width: wide, height: high } = steps[0].windows[j];
  const [sx, sy] = [image.naturalWidth / width, image.naturalHeight / height];
  const canvas = make("canvas", { className: "veduta-thumb", role: "img", ariaLabel: TEXTS.thumbnail(j) });
  [canvas.width, canvas.height] = [Math.max(1, Math.round(wide * sx)), Math.max(1, Math.round(high * sy))];
  const pen = canvas.getContext("2d") as CanvasRenderingContext2D;
  pen.drawImage(image, -left * sx, -top * sy);
  pen.drawImage(image, (width - left) * sx, -top * sy); // beyond the cut it continues at the left
  return canvas;
}

/** Two small charts over the steps: the distance, and the norm of its gradient. Of the anchor, whose distance is 0, a sentence. */
export function curve({ steps }: WindowsSpec, j: number): HTMLElement[] {
  return (["loss", "gradientNorm"] as const).flatMap((key) => {
    const values = steps.flatMap(({ index, windows }) => {
      const value = windows[j][key];
      return value === undefined ? [] : [{ index, value }];
    });
    if (values.length === 0) return [];
    const most = Math.max(...values.map(({ value }) => value));
    if (most === 0) return [make("p", {}, TEXTS.curveZero[key])];
    const [from, to] = [steps[0].index, steps[steps.length - 1].index];
    const content = (y: (value: number) => number, wide: number) =>
      `<path d="${values.map(({ index, value }, k) => `${k === 0 ? "M" : "L"}${((index - from) / Math.max(1, to - from)) * wide} ${y(value)}`).join("")}"/>`;
    const caption = TEXTS.curves[key](values[0].value, values[values.length - 1].value);
    return [chart({ name: TEXTS.curveName[key], caption, most, across: [`${from}`, TEXTS.step, `${to}`], content })];
  });
}

/** How many windows cover each place: a sentence, and a map where the number is not the same everywhere. */
export function coverageMap({ steps, width, height, colours }: WindowsSpec): HTMLElement[] {
  const counts = new Uint16Array(width * height);
  for (const { left, top, width: wide, height: high } of steps[0].windows)
    for (let y = top; y < top + high; y++) for (let x = left; x < left + wide; x++) counts[(y % height) * width + (x % width)]++;
  const [least, most] = counts.reduce(([a, b], n) => [Math.min(a, n), Math.max(b, n)], [Number.POSITIVE_INFINITY, 0]);
  if (least === most) return [make("p", {}, TEXTS.covered(least, most))];
  const canvas = make("canvas", { className: "veduta-map", role: "img", ariaLabel: TEXTS.covered(least, most) });
  [canvas.width, canvas.height] = [MAP, Math.max(24, Math.round((MAP * height) / width))];
  const pen = canvas.getContext("2d") as CanvasRenderingContext2D;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      pen.fillStyle = colours[Math.round((counts[y * width + x] / most) * (colours.length - 1))];
      pen.fillRect((x * MAP) / width, (y * canvas.height) / height, MAP / width + 1, canvas.height / height + 1);
    }
  return [make("p", {}, TEXTS.covered(least, most)), canvas];
}
