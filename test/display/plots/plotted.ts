/** @file What a figure's output holds: the spec that its page draws, its still, its texts. */
import { expect } from "vitest";
import { decodeImage } from "#kernel-lib/core/image.js";
import type { Displayable } from "#kernel-lib/display/display.js";
import type { PlotSpec } from "#kernel-lib/pages/plot-spec.js";
import type { StepNumbers } from "#kernel-lib/runs/run-data.js";
import type { PaintedRun } from "../../fixtures/painted-run.js";

/** What tests read of a trace. */
export interface ReadTrace {
  readonly name?: string;
  readonly mode?: string;
  readonly x: number[];
  readonly y: (number | null)[];
  readonly z: (number | null)[][];
  readonly customdata: number[][];
  readonly text: string[][];
  readonly hovertemplate?: string;
}

/** What tests read of a layout. */
export interface ReadLayout {
  readonly title: { readonly text: string };
  readonly xaxis: { readonly dtick?: number; readonly tickformat?: string; readonly range?: readonly number[] };
  readonly yaxis: { readonly type: string; readonly title: { readonly text: string }; readonly range?: readonly number[] };
  readonly updatemenus: readonly { readonly active: number; readonly buttons: readonly { readonly args: readonly unknown[] }[] }[];
  readonly coloraxis: { readonly cmin: number; readonly cmax: number };
  readonly images: readonly { readonly source: string }[];
  readonly width?: number;
  readonly height?: number;
}

export async function plotted(shown: Displayable) {
  const bundle = await shown.bundle();
  const html = String(bundle["text/html"]);
  const job = /\.push\((.*)\)<\/script>$/s.exec(html)?.[1];
  const [id, kind, spec] = JSON.parse(job ?? "[]") as [string, string, PlotSpec];
  return {
    html,
    id,
    kind,
    spec,
    data: spec.data as unknown as readonly ReadTrace[],
    layout: spec.layout as unknown as ReadLayout,
    text: String(bundle["text/plain"]),
  };
}

/** The still picture's pixels: `at(x, y)` in the page's pixels, [r, g, b] of 0..255. */
export async function stillOf(shown: Displayable) {
  const src = /<img src="data:image\/png;base64,([^"]+)"/.exec(String((await shown.bundle())["text/html"]))?.[1] ?? "";
  const { data, shape } = await decodeImage(Buffer.from(src, "base64"));
  const [, , height, width] = shape;
  const at = (x: number, y: number) =>
    [0, 1, 2].map((c) => Math.round(data[(c * height + Math.round(y * 2)) * width + Math.round(x * 2)] * 255));
  return { width, height, at };
}

/** "#rrggbb", or a value beside it: a still has a palette of 256 colours. */
export const near = (colour: string) =>
  [1, 3, 5].map((k) => expect.closeTo(Number.parseInt(colour.slice(k, k + 2), 16), -0.5) as unknown as number);

export const numbersOf = (run: PaintedRun): StepNumbers[] => run.steps.map(({ preview: _, ...step }) => step);
