/** @file Shows the candidates of a grid of edits as pictures at their places: how much of the source stays against the score. */
import { encodeWebp } from "../../core/image.js";
import type { Tensor } from "../../core/tensor.js";
import { short } from "../../core/words.js";
import type { Candidate } from "../../methods/edit/edit-grid.js";
import { structure } from "../../metrics/structure.js";
import { dataUrl } from "../../pages/html.js";
import type { PlotSpec } from "../../pages/plot-spec.js";
import { CATEGORIES, titled } from "./look.js";
import { type PlotFigure, plot } from "./plot.js";
import { expectSteps, rounded } from "./plotted-steps.js";

/** Options of `gridPlot`. */
export interface GridPlotOptions {
  /** the picture that was edited, [1,3,H,W] in [0,1] */
  readonly source: Tensor;
  /** any text */
  readonly title?: string;
}

const THUMBNAIL = 72; // pixels
const [WIDTH, HEIGHT] = [720, 460];
/** Room for thumbnails at the ends of an axis, as a share of its span. */
const ROOM = 0.14;

/**
 * Plots the candidates of `editGrid`: to the right those that keep more of the source's structure, above those with a higher score. Each is drawn as a
 * small picture above its point; a point's text says its guidance, skipped steps and trial.
 * @throws RangeError for no candidates
 */
export function gridPlot(candidates: readonly Candidate[], { source, title = "Candidates" }: GridPlotOptions): PlotFigure {
  expectSteps("gridPlot", candidates);
  return plot(async () => {
    const kept = candidates.map(({ image }) => structure(source, image)[0]);
    const scores = candidates.map(({ score }) => score);
    const [x, y] = [spanOf(kept), spanOf(scores)];
    const images = [];
    for (const [k, { image }] of candidates.entries())
      images.push({
        source: dataUrl("image/webp", await encodeWebp(image, { quality: 80, maxWidth: 2 * THUMBNAIL })),
        xref: "x",
        yref: "y",
        x: kept[k],
        y: scores[k],
        sizex: ((x[1] - x[0]) * THUMBNAIL) / WIDTH,
        sizey: ((y[1] - y[0]) * THUMBNAIL) / (HEIGHT - 114),
        xanchor: "center",
        yanchor: "bottom",
        layer: "below",
      });
    const spec: PlotSpec = {
      data: [
        {
          type: "scatter",
          mode: "markers",
          x: kept.map(rounded),
          y: scores.map(rounded),
          text: candidates.map(textOf),
          marker: { color: CATEGORIES.orange, size: 9, line: { color: "#1d1f23", width: 1 } },
          hovertemplate: "%{text}<br>structure %{x:.3~r}, score %{y:.3~r}<extra></extra>",
        },
      ],
      dark: [null],
      height: HEIGHT,
      layout: titled(title, {
        images,
        xaxis: { title: { text: "structure kept" }, range: x, showgrid: false },
        yaxis: { title: { text: "score" }, range: y, showgrid: false },
      }),
    };
    const best = scores.indexOf(Math.max(...scores));
    return {
      spec,
      alt: `${title}: ${candidates.length} edits. The highest score, ${short(scores[best])}, has ${textOf(candidates[best])}, structure ${short(kept[best])}.`,
    };
  });
}

const textOf = ({ guidanceScale, skipSteps, trial }: Candidate): string => `guidance ${guidanceScale}, skip ${skipSteps}, trial ${trial}`;

/** The range of an axis, with room for the pictures. */
function spanOf(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const span = high - low || 0.1;
  return [low - ROOM * span, high + 2 * ROOM * span];
}
