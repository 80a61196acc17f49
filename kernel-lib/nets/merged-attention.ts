/**
 * @file Attention of windows that lie on one canvas (Quattrini et al., Merge-Attend-Diffuse, arXiv:2408.15660): what windows know of the same pixel is averaged,
 * the canvas attends once, and each window takes its part of the result. The batch of the network is the windows.
 */
import type { Graph, Value } from "../graph/graph.js";
import { cast, div, mul } from "../graph/ops/elementwise.js";
import { attention } from "../graph/ops/matmul.js";
import { reduceSum } from "../graph/ops/reduce.js";
import { gather, reshape, slice } from "../graph/ops/shape.js";
import { type Attend, type AttentionVariant, plainAttention } from "./transformer.js";

/** Windows of one size on a canvas, in latent pixels. A window that passes the right edge goes on at column 0. */
export interface Canvas {
  readonly height: number;
  readonly width: number;
  readonly window: { readonly height: number; readonly width: number };
  /** of each window, in the order of the batch */
  readonly tops: readonly number[];
  readonly lefts: readonly number[];
}

/** What is merged: q, k and v of self-attention and q of cross-attention, or q of cross-attention alone. */
export type MergedAttention = "all" | "queries";

/** Height and width of a map inside the network. */
export interface MapSize {
  readonly height: number;
  readonly width: number;
}

/**
 * Attention on the canvas, for a batch [R·n,…] of R rows of n windows each:
 *
 *   q̄, k̄, v̄ = the averages of q_j, k_j, v_j over the windows j that cover a pixel
 *   self       x_j ← Attention(q̄, k̄, v̄) at window j
 *   cross      x_j ← Attention(q̄, k, v) at window j          k, v of the row's text, which is the same for all of its windows
 *
 * On a map that is d times smaller, a window at latent column l begins at column ⌊l/d⌋, and the canvas has ⌊width/d⌋ columns, as in the official code: places at
 * multiples of d are exact, others are moved by less than a pixel of the map.
 * @throws RangeError, when a layer asks, where the windows leave a pixel of its map uncovered
 * @source aimagelab/MAD 4021424, nn_utils.py `CrossViewsAttnProcessor2_0`. Differs: a canvas may be closed.
 */
export function canvasAttention(graph: Graph, canvas: Canvas, merged: MergedAttention): AttentionVariant {
  const n = canvas.lefts.length;
  const tables = new Map<string, CanvasTable>();
  const tableOf = (q: Value, { height, width }: MapSize): CanvasTable => {
    const key = `${height}×${width}`;
    const table = tables.get(key) ?? canvasTable(graph, cellsOf(canvas, { height, width }), q.shape[0] / n);
    tables.set(key, table);
    return table;
  };
  const self: Attend = (q, k, v, layer) => {
    const { merge, crop } = tableOf(q, layer);
    return crop(attention(merge(q), merge(k), merge(v), layer.heads));
  };
  const cross: Attend = (q, k, v, layer) => {
    const { merge, crop } = tableOf(q, layer);
    return crop(attention(merge(q), firstOf(k, n), firstOf(v, n), layer.heads));
  };
  return { self: merged === "all" ? self : plainAttention, cross };
}

/** Of each row's first window: [R·n,T,C] -> [R,T,C]. */
function firstOf(x: Value, n: number): Value {
  const [all, T, C] = x.shape;
  return reshape(slice(reshape(x, [all / n, n, T, C]), 1, 0, 1), [all / n, T, C]);
}

/** Moves a map's pixels between windows and canvas. */
export interface CanvasTable {
  /** averages: [R·n,pixels,C] -> [R,cells,C] */
  merge(x: Value): Value;
  /** [R,cells,C] -> [R·n,pixels,C] */
  crop(x: Value): Value;
}

/** Where a map's windows lie on the canvas. */
export interface CanvasCells {
  /** pixels of the canvas on this map */
  readonly cells: number;
  readonly windows: number;
  /** the cell of each window's pixel, row by row, [windows·pixels] */
  readonly at: readonly number[];
  /** the windows' pixels at each cell, [cells][windows that cover it] */
  readonly covering: readonly (readonly number[])[];
}

/** The cells of the canvas on a map to which the network has brought a window. @throws RangeError where a cell is covered by no window */
export function cellsOf({ height, width, window, tops, lefts }: Canvas, map: MapSize): CanvasCells {
  const [down, across] = [window.height / map.height, window.width / map.width];
  const [rows, columns] = [Math.floor(height / down), Math.floor(width / across)];
  const at = lefts.flatMap((left, j) =>
    Array.from({ length: map.height * map.width }, (_, k) => {
      const y = Math.floor(tops[j] / down) + Math.floor(k / map.width);
      const x = (Math.floor(left / across) + (k % map.width)) % columns;
      return y * columns + x;
    }),
  );
  const covering = Array.from({ length: rows * columns }, (): number[] => []);
  for (const [k, cell] of at.entries()) covering[cell].push(k);
  const bare = covering.findIndex((pixels) => pixels.length === 0);
  if (bare >= 0)
    throw new RangeError(
      `merged attention: no window covers row ${Math.floor(bare / columns)}, column ${bare % columns} of a map of ${rows}×${columns}; place windows at multiples of ${down} rows and ${across} columns`,
    );
  return { cells: covering.length, windows: lefts.length, at, covering };
}

/** The moves between windows and canvas for a batch of R rows of windows. */
export function canvasTable(graph: Graph, { cells, windows, at, covering }: CanvasCells, R: number): CanvasTable {
  const most = Math.max(...covering.map((pixels) => pixels.length));
  /** the same numbers for every row of windows, whose pixels or cells are `apart` from the row before */
  const everyRow = (ids: readonly number[], apart: number, shape: readonly number[]) =>
    graph.constant(
      Array.from({ length: R * ids.length }, (_, k) => Math.floor(k / ids.length) * apart + ids[k % ids.length]),
      shape,
      "int32",
    );
  // a cell that fewer windows cover than others names its first again, with weight 0
  const filled = covering.flatMap((pixels) => Array.from({ length: most }, (_, k) => pixels[k] ?? pixels[0]));
  const from = everyRow(filled, at.length, [R, cells, most]);
  const to = everyRow(at, cells, [R * windows, at.length / windows]);
  const weights = graph.constant(
    covering.flatMap((pixels) => Array.from({ length: most }, (_, k) => (k < pixels.length ? 1 : 0))),
    [cells, most, 1],
  );
  const counts = graph.constant(
    covering.map((pixels) => pixels.length),
    [cells, 1, 1],
  );
  return {
    merge(x) {
      const C = x.shape[2];
      const rows = gather(reshape(x, [R * at.length, C]), from); // [R,cells,most,C]
      const sum = reduceSum(mul(rows, cast(weights, x.dtype)), [2]); // [R,cells,1,C]
      return reshape(div(sum, cast(counts, x.dtype)), [R, cells, C]);
    },
    crop(x) {
      return gather(reshape(x, [R * cells, x.shape[2]]), to); // [R·n,pixels,C]
    },
  };
}
