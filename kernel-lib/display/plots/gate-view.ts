/** @file Shows the gates of a stage as heat maps: where the coarser stages scale and shift its network's maps. */
import type { Tensor } from "../../core/tensor.js";
import { short } from "../../core/words.js";
import type { StageGates } from "../../diffusion/pyramid-model.js";
import type { PlotLayout, PlotSpec, PlotTrace } from "../../pages/plot-spec.js";
import { titled, VIRIDIS_SCALE } from "./look.js";
import { type PlotFigure, plot, sentence } from "./plot.js";
import { rounded } from "./plotted-steps.js";

/** Options of `gateView`. */
export interface GateViewOptions {
  /** any text; default "Gates" */
  readonly title?: string;
}

const TILE = 190; // pixels
const HEAD = 84;

/**
 * Shows the gates of the first picture: for each level of the network, finest first, the mean of |gamma| over the channels above and of |beta| below,
 * pixel by pixel. Where gamma and beta are 0, the coarser stages change nothing.
 * @param gates `gates` of a model, at a stage after the first
 */
export function gateView(gates: readonly StageGates[], { title = "Gates" }: GateViewOptions = {}): PlotFigure {
  if (gates.length === 0) return sentence(`${title}: this stage has no gates; the coarsest one is not gated.`);
  return plot(async () => {
    const maps = (["gamma", "beta"] as const).flatMap((name, row) =>
      gates.map((level, column) => ({ name, row, column, z: meanSize(level[name]) })),
    );
    const most = Math.max(...maps.flatMap(({ z }) => z.flat()), 1e-6);
    const axes: Record<string, PlotLayout> = {};
    const annotations: object[] = [];
    const data: PlotTrace[] = [];
    for (const [k, { name, row, column, z }] of maps.entries()) {
      const n = k === 0 ? "" : String(k + 1);
      const [left, right] = [column / gates.length, (column + 0.9) / gates.length];
      const [low, high] = row === 0 ? [0.55, 0.95] : [0, 0.4];
      axes[`xaxis${n}`] = { domain: [left, right], anchor: `y${n}`, visible: false };
      axes[`yaxis${n}`] = { domain: [low, high], anchor: `x${n}`, visible: false, autorange: "reversed" };
      const text = `${name}, ${z.length} × ${z[0].length}`;
      annotations.push({
        text,
        x: left,
        y: high,
        xref: "paper",
        yref: "paper",
        xanchor: "left",
        yanchor: "bottom",
        showarrow: false,
        font: { size: 11 },
      });
      data.push({
        type: "heatmap",
        xaxis: `x${n}`,
        yaxis: `y${n}`,
        z,
        coloraxis: "coloraxis",
        hovertemplate: `|${name}| at row %{y}, column %{x}: %{z:.3~r}<extra></extra>`,
      });
    }
    const spec: PlotSpec = {
      data,
      dark: data.map(() => null),
      height: HEAD + 2 * TILE + 40,
      layout: titled(title, {
        margin: { l: 20, r: 20, t: HEAD - 20, b: 20 },
        ...axes,
        annotations,
        coloraxis: { colorscale: VIRIDIS_SCALE, cmin: 0, cmax: rounded(most), colorbar: { thickness: 10, outlinewidth: 0 } },
      }),
    };
    const facts = gates.map(
      ({ gamma, beta }) => `level of ${gamma.shape[2]} × ${gamma.shape[3]}: |gamma| ${short(mean(gamma))}, |beta| ${short(mean(beta))}`,
    );
    return { spec, alt: `${title}, means over channels and pixels: ${facts.join("; ")}.` };
  });
}

/** The mean of |x| over the channels of the first picture: [h][w]. */
function meanSize({ data, shape: [, C, h, w] }: Tensor): number[][] {
  return Array.from({ length: h }, (_, y) =>
    Array.from({ length: w }, (_, x) => {
      let sum = 0;
      for (let c = 0; c < C; c++) sum += Math.abs(data[(c * h + y) * w + x]);
      return rounded(sum / C);
    }),
  );
}

const mean = ({ data }: Tensor): number => data.reduce((sum, x) => sum + Math.abs(x), 0) / data.length;
