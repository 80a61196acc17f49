/** @file Still pictures of figures, without a browser: the page's own script draws SVG in jsdom, sharp makes it a PNG. */
import { createRequire } from "node:module";
import sharp from "sharp";
import { type Canvas, giveCanvas } from "./canvas.js";
import type { PlotSpec } from "./plot-spec.js";
import { plotsScript } from "./plots-script.js";

/** Pixels of the page that a still is drawn for; it has two dots for each. */
export const STILL_WIDTH = 720;
const DENSITY = 144; // dots an inch, twice SVG's 72

/** What is used of a jsdom window. Its own types would bring all of the DOM's into the library. */
interface StillWindow {
  eval(script: string): void;
  readonly vedutaPlots: { plotSvg(spec: PlotSpec, width: number): Promise<string> };
  readonly URL: { createObjectURL?: () => string };
  readonly HTMLCanvasElement: { readonly prototype: Canvas };
  readonly SVGElement: { readonly prototype: Measured };
  readonly Element: { readonly prototype: Measured };
}

/** An element of jsdom, which lays nothing out: sizes of texts are estimated. */
interface Measured {
  readonly textContent: string | null;
  readonly style?: { readonly fontSize?: string };
  querySelectorAll?(selector: string): ArrayLike<Measured>;
  querySelector?(selector: string): Measured | null;
  getBBox(): unknown;
  getComputedTextLength(): number;
  getBoundingClientRect(): unknown;
}

let page: StillWindow | undefined;

/**
 * The figure as it looks on a light page, 720 pixels wide at two dots a pixel, on white. The first one takes a second to load Plotly.
 * @throws Error of a trace that only a browser's WebGL draws
 */
export async function plotStill(spec: PlotSpec): Promise<Uint8Array> {
  page ??= openPage();
  const svg = await page.vedutaPlots.plotSvg(spec, STILL_WIDTH);
  const picture = sharp(Buffer.from(svg), { density: DENSITY }).flatten({ background: "#ffffff" });
  return picture.png({ palette: true, effort: 4 }).toBuffer();
}

function openPage(): StillWindow {
  const { JSDOM } = createRequire(import.meta.url)("jsdom") as { JSDOM: new (html: string, options: object) => { window: StillWindow } };
  const { window } = new JSDOM("<!doctype html><body></body>", { runScripts: "outside-only", pretendToBeVisual: true });
  Object.assign(window, { TextDecoder, TextEncoder, structuredClone });
  window.URL.createObjectURL ??= () => "";
  giveCanvas(window.HTMLCanvasElement.prototype);
  const box = function (this: Measured) {
    const { width, height } = textSize(this);
    return { x: 0, y: 0, left: 0, top: 0, right: width, bottom: height, width, height };
  };
  window.SVGElement.prototype.getBBox = box;
  window.SVGElement.prototype.getComputedTextLength = function () {
    return textSize(this).width;
  };
  window.Element.prototype.getBoundingClientRect = box;
  window.eval(plotsScript());
  return window;
}

/** As wide as a sans-serif's letters are on average, 0.56 of their size each; a line is 1.3 high. */
function textSize(element: Measured): { width: number; height: number } {
  const sized = element.style?.fontSize ? element : element.querySelector?.("text");
  const size = Number.parseFloat(sized?.style?.fontSize ?? "") || 12;
  const lines = Array.from(element.querySelectorAll?.("tspan.line") ?? []);
  const texts = (lines.length > 0 ? lines : [element]).map(({ textContent }) => textContent ?? "");
  return { width: Math.max(...texts.map((text) => text.length)) * size * 0.56, height: texts.length * size * 1.3 };
}
