/** @file What each cell of 4×4 pixels of a drawing shows: the finder's answer as it should be. */
import type { Rng } from "../../../kernel-lib/core/random.js";
import { THINGS, type ThingMap, thingsIn, type Window } from "../../tiny-landscapes/world/things.js";
import { CELL } from "./finder-net.js";

/** Side of a picture, in pixels, and in cells. */
export const SIDE = 128;
export const CELLS = SIDE / CELL;

/** A square of a drawing at a random place, half of them mirrored. */
export const randomWindow = (rng: Rng, width: number): Window => ({
  left: rng.below(width - SIDE + 1),
  top: 0,
  width: SIDE,
  height: SIDE,
  mirrored: rng.uniform() < 0.5,
});

/** The cells of a picture, row by row. */
export interface Cells {
  /** [32·32]: 0 for none, else 1 + the place in THINGS of what most of the cell's pixels show */
  readonly classes: Uint8Array;
  /** [4,32·32]: from the cell's centre to the left, top, right and bottom edge of its thing's box, in shares of the picture's sides; 0 where there is none */
  readonly edges: Float32Array;
  /** [32·32]: 1 over the root of how many cells show the same thing, or none: small things count for more than their area */
  readonly weights: Float32Array;
  /** [32·32]: the same over the mean of its box's sides, where there is a thing; 0 elsewhere. IoU is relative to a box's size. */
  readonly edgeWeights: Float32Array;
}

/** The cells of a square window of 128 pixels. */
export function cellsOf(map: ThingMap, window: Window): Cells {
  const seen = new Map(thingsIn(map, window, 0).map((thing) => [thing.id, thing]));
  const plane = CELLS * CELLS;
  const [classes, edges] = [new Uint8Array(plane), new Float32Array(4 * plane)];
  const [weights, edgeWeights] = [new Float32Array(plane), new Float32Array(plane)];
  const ids = Array.from({ length: plane }, (_, cell) => commonestId(map, window, Math.floor(cell / CELLS) * CELL, (cell % CELLS) * CELL));
  const sizes = new Map<number, number>();
  for (const id of ids) sizes.set(id, (sizes.get(id) ?? 0) + 1);
  for (let row = 0; row < CELLS; row++)
    for (let column = 0; column < CELLS; column++) {
      const cell = row * CELLS + column;
      weights[cell] = 1 / Math.sqrt(sizes.get(ids[cell]) ?? 1);
      const thing = seen.get(ids[cell]);
      if (!thing) continue;
      classes[cell] = 1 + THINGS.indexOf(thing.what);
      const [x, y] = [(column + 0.5) / CELLS, (row + 0.5) / CELLS];
      const [left, top, width, height] = thing.box;
      edgeWeights[cell] = (2 * weights[cell]) / (width + height);
      for (const [k, distance] of [x - left, y - top, left + width - x, top + height - y].entries()) edges[k * plane + cell] = distance;
    }
  return { classes, edges, weights, edgeWeights };
}

function commonestId({ ids, width }: ThingMap, { left, top, width: side, mirrored }: Window, y: number, x: number): number {
  const counts = new Map<number, number>();
  for (let dy = 0; dy < CELL; dy++)
    for (let dx = 0; dx < CELL; dx++) {
      const id = ids[(top + y + dy) * width + left + (mirrored ? side - 1 - x - dx : x + dx)];
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
  return [...counts].reduce((a, b) => (b[1] > a[1] ? b : a))[0];
}
