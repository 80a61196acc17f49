/** @file The network that finds the things of a picture: which class each cell of 4×4 pixels shows, and where the box of its thing ends. */
import type { Value } from "../../../kernel-lib/graph/graph.js";
import { relu } from "../../../kernel-lib/graph/ops/elementwise.js";
import { upsample2 } from "../../../kernel-lib/graph/ops/pool.js";
import { concat, split } from "../../../kernel-lib/graph/ops/shape.js";
import { convLayer } from "../../../kernel-lib/nets/layers.js";
import type { Parameters } from "../../../kernel-lib/nets/parameters.js";
import { THINGS } from "../../tiny-landscapes/world/things.js";
import { FINDER_JSON } from "./configs.js";

/** Classes of a cell: none, then those of THINGS. */
export const CELL_CLASSES = 1 + THINGS.length;
/** Pixels of a cell's side. */
export const CELL = 4;

/** What the network says of each cell. */
export interface Found {
  /** [N,16,H/4,W/4] */
  readonly scores: Value;
  /** [N,4,H/4,W/4]: from the cell's centre to its thing's left, top, right and bottom edge, in shares of the picture's sides, to be positive */
  readonly edges: Value;
}

/** image [N,3,H,W] in [-1,1], H and W multiples of 16. Maps at a half, a quarter, an eighth and a sixteenth of the side; back to a quarter. */
export function finder(p: Parameters, image: Value): Found {
  const [narrow, middle, wide] = FINDER_JSON.channels;
  const layer = (key: string, x: Value, out: number, stride = 1) => relu(convLayer(p, `features.${key}`, x, out, 3, { stride }));
  const half = layer("half", image, narrow, 2);
  const quarter = layer("quarter.1", layer("quarter.0", half, middle, 2), middle);
  const eighth = layer("eighth.1", layer("eighth.0", quarter, wide, 2), wide);
  const deepest = layer("deepest.1", layer("deepest.0", eighth, wide, 2), wide);
  const back = layer("back.0", concat([upsample2(deepest), eighth], 1), middle);
  const last = layer("back.1", concat([upsample2(back), quarter], 1), middle);
  const [scores, edges] = split(convLayer(p, "head", last, CELL_CLASSES + 4, 1), 1, [CELL_CLASSES, 4]);
  return { scores, edges };
}
