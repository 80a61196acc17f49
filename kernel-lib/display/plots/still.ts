/** @file Makes still pictures of figures without a browser: the page's script draws SVG in jsdom, and sharp converts it to PNG. */
import { createRequire } from "node:module";
import { libraryText } from "../../pages/display-library.js";
import type { PlotSpec, PlotTrace } from "../../pages/plot-spec.js";
import { OUTPUT_WIDTH } from "../output-look.js";
import { type Canvas, giveCanvas } from "./canvas.js";
import { plainText } from "./look.js";

/** Dots per inch of a still, twice SVG's 72: its PNG has two pixels per CSS pixel. */
const DENSITY = 144;

/** The part of a jsdom window that is used. jsdom's own types would add all DOM types to the library. */
interface StillWindow {
  eval(script: string): void;
  readonly vedutaPlots: { plotSvg(spec: PlotSpec, width: number): Promise<string> };
  readonly URL: { createObjectURL?: () => string };
  readonly HTMLCanvasElement: { readonly prototype: Canvas };
  readonly SVGElement: { readonly prototype: Measured };
  readonly Element: { readonly prototype: Measured };
}

/** An element of jsdom. jsdom has no layout, so text sizes are estimated. */
interface Measured {
  readonly textContent: string | null;
  readonly style?: { readonly fontSize?: string; readonly textAnchor?: string };
  getAttribute?(name: string): string | null;
  querySelectorAll?(selector: string): ArrayLike<Measured>;
  querySelector?(selector: string): Measured | null;
  getBBox(): unknown;
  getComputedTextLength(): number;
  getTotalLength(): number;
  getBoundingClientRect(): unknown;
}

let page: StillWindow | undefined;

/** Whether a figure has few colours. One with a photograph has many, which are dithered. */
const isFlat = ({ layout: { images } }: PlotSpec): boolean => !Array.isArray(images) || images.length === 0;

/** Traces that only a browser can draw, with WebGL or with maps from the network. */
const BROWSER_ONLY = /gl$|3d$|map$|mapbox$|geo$|^(surface|isosurface|volume|cone|streamtube|splom|parcoords|choropleth)$/;
const isDrawnHere = ({ type }: PlotTrace): boolean =>
  typeof type !== "string" || ["heatmap", "treemap"].includes(type) || !BROWSER_ONLY.test(type);

/**
 * Draws a figure as PNG, as on a light page of the outputs' width, at two pixels per CSS pixel. The first call takes a second to load Plotly.
 * If only a browser can draw a trace, the picture is a sentence that says so.
 */
export async function plotStill(figure: PlotSpec): Promise<Uint8Array> {
  const absent = figure.data.find((trace) => !isDrawnHere(trace));
  const spec = absent
    ? noteSpec(`A figure of the type ${String(absent.type)}: only a page with scripts can draw it.`, figure.height)
    : figure;
  page ??= openPage();
  const svg = await page.vedutaPlots.plotSvg(spec, OUTPUT_WIDTH);
  const { default: sharp } = await import("sharp"); // here, since it takes 0.1 s to load
  const picture = sharp(Buffer.from(svg), { density: DENSITY }).flatten({ background: "#ffffff" });
  return picture.png({ palette: true, effort: 1, dither: isFlat(spec) ? 0 : 0.6 }).toBuffer();
}

/** A figure that is one sentence. */
const noteSpec = (text: string, height: number): PlotSpec => ({
  data: [],
  height,
  layout: {
    xaxis: { visible: false },
    yaxis: { visible: false },
    annotations: [{ text: plainText(text), x: 0.5, y: 0.5, xref: "paper", yref: "paper", showarrow: false, font: { size: 14 } }],
  },
});

function openPage(): StillWindow {
  const { JSDOM } = createRequire(import.meta.url)("jsdom") as { JSDOM: new (html: string, options: object) => { window: StillWindow } };
  const { window } = new JSDOM("<!doctype html><body></body>", { runScripts: "outside-only", pretendToBeVisual: true });
  Object.assign(window, { TextDecoder, TextEncoder, structuredClone });
  window.URL.createObjectURL ??= () => "";
  giveCanvas(window.HTMLCanvasElement.prototype);
  const box = function (this: Measured) {
    const { width, height, x, y } = textBox(this);
    return { x, y, left: x, top: y, right: x + width, bottom: y + height, width, height };
  };
  window.SVGElement.prototype.getBBox = box;
  window.SVGElement.prototype.getComputedTextLength = function () {
    return textBox(this).width;
  };
  window.SVGElement.prototype.getTotalLength = () => 0; // for violins, whose outlines are drawn completely
  window.Element.prototype.getBoundingClientRect = box;
  window.eval(libraryText("plots"));
  return window;
}

/** Estimates a text's box: letters are 0.6 em wide, somewhat more than a sans-serif's average; lines are 1.3 em high. */
function textBox(element: Measured): { width: number; height: number; x: number; y: number } {
  const text = element.style?.fontSize ? element : element.querySelector?.("text");
  const size = Number.parseFloat(text?.style?.fontSize ?? "") || 12;
  const lines = Array.from(element.querySelectorAll?.("tspan.line") ?? []);
  const texts = (lines.length > 0 ? lines : [element]).map(({ textContent }) => textContent ?? "");
  const width = Math.max(...texts.map(({ length }) => length)) * size * 0.6;
  const height = texts.length * size * 1.3;
  // Plotly uses the left edge of the box only for annotations.
  if (element.getAttribute?.("class") !== "annotation-text") return { width, height, x: 0, y: 0 };
  return { width, height, x: element.style?.textAnchor === "start" ? 0 : -width / 2, y: -size };
}
