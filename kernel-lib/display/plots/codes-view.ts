/** @file Shows the codes of a picture: each scale as a map with one colour a code, and how often each code is used. */
import { encodePng } from "../../core/image.js";
import type { ScaleCodes } from "../../diffusion/pyramid-model.js";
import { codeColour, codesPicture } from "../../methods/pyramid/codes-picture.js";
import { dataUrl } from "../../pages/html.js";
import type { PlotLayout, PlotSpec, PlotTrace } from "../../pages/plot-spec.js";
import { titled } from "./look.js";
import { type PlotFigure, plot } from "./plot.js";

/** Options of `codesView`. */
export interface CodesViewOptions {
  /** any text; default "Codes" */
  readonly title?: string;
}

const MAP = 240; // pixels
const HEAD = 66;
const BARS = 130;
const FOOT = 48;

/**
 * Shows the codes of the first picture by scale, coarse first: maps above, and for each scale the use of its codes, the most used one first. A bar
 * has the colour of its code in the map.
 * @param codes `codes` of a run's result
 * @throws RangeError for no scale
 */
export function codesView(codes: Readonly<Record<string, ScaleCodes>>, { title = "Codes" }: CodesViewOptions = {}): PlotFigure {
  const scales = Object.entries(codes);
  if (scales.length === 0) throw new RangeError("codesView: got no scale, want codes of a run's result");
  return plot(async () => {
    const body = MAP + 40 + BARS;
    const axes: Record<string, PlotLayout> = {};
    const images: object[] = [];
    const uses = scales.map(([, each]) => usage(each));
    const data: PlotTrace[] = [];
    for (const [k, [name, each]] of scales.entries()) {
      const n = k === 0 ? "" : String(k + 1);
      const [left, right] = [k / scales.length + (k > 0 ? 0.03 : 0), (k + 1) / scales.length - (k < scales.length - 1 ? 0.03 : 0)];
      const picture = dataUrl("image/png", await encodePng(codesPicture({ [name]: each })));
      images.push({
        source: picture,
        xref: "paper",
        yref: "paper",
        x: left,
        y: 1,
        sizex: right - left,
        sizey: MAP / body,
        xanchor: "left",
        yanchor: "top",
      });
      axes[`xaxis${n}`] = {
        domain: [left, right],
        anchor: `y${n}`,
        title: { text: `${name}: ${uses[k].length} codes in use` },
        showticklabels: false,
      };
      axes[`yaxis${n}`] = { domain: [0, BARS / body], anchor: `x${n}`, ...(k === 0 ? { title: { text: "pixels" } } : {}) };
      data.push({
        type: "bar",
        xaxis: `x${n}`,
        yaxis: `y${n}`,
        x: uses[k].map((_, place) => place),
        y: uses[k].map(({ count }) => count),
        text: uses[k].map(({ code }) => `code ${code}`),
        textposition: "none",
        marker: { color: uses[k].map(({ code }) => rgb(code)) },
        hovertemplate: `%{text}: %{y} pixels<extra>${name}</extra>`,
        showlegend: false,
      });
    }
    const spec: PlotSpec = {
      data,
      dark: data.map(() => null),
      height: HEAD + body + FOOT,
      layout: titled(title, { images, bargap: 0.1, ...axes }),
    };
    const facts = scales.map(
      ([name, { shape }], k) =>
        `${name}: ${uses[k].length} codes in ${shape[1]} × ${shape[2]} pixels, the most used one in ${uses[k][0].count}`,
    );
    return { spec, alt: `${title}. ${facts.join("; ")}.` };
  });
}

/** How many pixels of the first picture each code has, the most used one first. */
function usage({ data, shape: [, h, w] }: ScaleCodes): readonly { readonly code: number; readonly count: number }[] {
  const counts = new Map<number, number>();
  for (const code of data.subarray(0, h * w)) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].map(([code, count]) => ({ code, count })).sort((a, b) => b.count - a.count || a.code - b.code);
}

const rgb = (code: number): string => `rgb(${codeColour(code).map((x) => Math.round(255 * x))})`;
