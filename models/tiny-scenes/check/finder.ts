/** @file The finder: which things it sees in pictures, and where. */
import { join } from "node:path";
import type { Tensor } from "../../../kernel-lib/core/tensor.js";
import { rows } from "../../../kernel-lib/core/tensor.js";
import { startRuntime } from "../../../kernel-lib/engine/runtime.js";
import { Graph } from "../../../kernel-lib/graph/graph.js";
import { checkpointParameters } from "../../../kernel-lib/nets/parameters.js";
import { openSafetensors } from "../../../kernel-lib/weights/safetensors.js";
import { mean } from "../../tiny-landscapes/check/statistics.js";
import { SEEDS } from "../../tiny-landscapes/train/drawings.js";
import { LEAST_SHARE, type PlacedThing, THINGS } from "../../tiny-landscapes/world/things.js";
import { CELLS, SIDE } from "../train/cells.js";
import { CELL_CLASSES, finder } from "../train/finder-net.js";
import { FINDER_CANDIDATE, FINDER_FOLDER } from "../train/folder.js";
import { freshScenes } from "./fresh-scenes.js";

type Box = PlacedThing["box"];

/** A thing that the finder sees. */
export interface FoundThing extends PlacedThing {
  /** how many cells of 4×4 pixels show it */
  readonly cells: number;
}

export interface Finder {
  /** @param pictures [N,3,128,128] in [-1,1] @returns what each shows, largest first */
  look(pictures: Tensor): Promise<FoundThing[][]>;
  /** @param pictures [N,3,128,128] in [-1,1] @returns of each, the scores of the cells' classes, [16,32·32] */
  scores(pictures: Tensor): Promise<Float32Array[]>;
  close(): Promise<void>;
}

/** Pictures of a network call. */
const COUNT = 8;
/** Cells whose boxes overlap by as much belong to one thing. */
const SAME_THING = 0.6;
/** Cells of a thing that counts. */
const LEAST_CELLS = Math.ceil(LEAST_SHARE * CELLS * CELLS);

/** @param folder of the finder; default the one that ships, which judges what is painted */
export async function openFinder(threads: number, folder: string = FINDER_FOLDER): Promise<Finder> {
  const { file, tensors } = openSafetensors(join(folder, "model.safetensors"));
  const graph = new Graph();
  const found = finder(checkpointParameters(graph, { file, weights: tensors }), graph.input("image", [COUNT, 3, SIDE, SIDE]));
  for (const [name, value] of Object.entries(found)) graph.output(name, value);
  const runtime = startRuntime({ device: "cpu", threads });
  const session = await runtime.open(graph);
  /** Of each picture: scores [16,32·32], edges [4,32·32]. */
  async function answers(pictures: Tensor): Promise<{ readonly scores: Float32Array; readonly edges: Float32Array }[]> {
    const all: { readonly scores: Float32Array; readonly edges: Float32Array }[] = [];
    for (let at = 0; at < pictures.shape[0]; at += COUNT) {
      const part = rows(pictures, at, Math.min(at + COUNT, pictures.shape[0]));
      const data = new Float32Array(COUNT * 3 * SIDE * SIDE);
      data.set(part.data); // a last, smaller batch is filled up with zeros
      const { scores, edges } = await session.run({ image: { data, shape: [COUNT, 3, SIDE, SIDE] } });
      for (let n = 0; n < part.shape[0]; n++) all.push({ scores: rows(scores, n, n + 1).data, edges: rows(edges, n, n + 1).data });
    }
    return all;
  }
  return {
    look: async (pictures) => (await answers(pictures)).map(({ scores, edges }) => things(scores, edges)),
    scores: async (pictures) => (await answers(pictures)).map(({ scores }) => scores),
    close: () => runtime.close(),
  };
}

interface Vote {
  readonly name: number;
  readonly box: Box;
}

/**
 * Each cell votes for the box of its thing. The box with the most votes of its class within IoU 0.6 is a thing, whose votes are taken away; and
 * so on.
 * @param scores [16,32·32] @param edges [4,32·32]
 */
export function things(scores: Float32Array, edges: Float32Array): FoundThing[] {
  const plane = CELLS * CELLS;
  const votes = Array.from({ length: plane }, (_, cell): Vote => {
    const of = Array.from({ length: CELL_CLASSES }, (_, name) => scores[name * plane + cell]);
    const [x, y] = [((cell % CELLS) + 0.5) / CELLS, (Math.floor(cell / CELLS) + 0.5) / CELLS];
    const [left, top, right, bottom] = [0, 1, 2, 3].map((k) => Math.max(0.5 / CELLS, edges[k * plane + cell]));
    const [x0, y0] = [Math.max(0, x - left), Math.max(0, y - top)];
    return { name: of.indexOf(Math.max(...of)), box: [x0, y0, Math.min(1, x + right) - x0, Math.min(1, y + bottom) - y0] };
  });
  return THINGS.flatMap((what, k) =>
    groups(votes.filter(({ name }) => name === k + 1).map(({ box }) => box)).map((boxes) => ({
      what,
      box: middle(boxes),
      cells: boxes.length,
    })),
  ).sort((a, b) => b.cells - a.cells);
}

function groups(boxes: readonly Box[]): (readonly Box[])[] {
  if (boxes.length < LEAST_CELLS) return [];
  // every third box stands for its neighbours: the search is quadratic
  const supporters = boxes
    .filter((_, k) => boxes.length < 60 || k % 3 === 0)
    .map((box) => boxes.filter((other) => iou(box, other) >= SAME_THING));
  const largest = supporters.reduce((a, b) => (b.length > a.length ? b : a));
  if (largest.length < LEAST_CELLS) return [];
  return [largest, ...groups(boxes.filter((box) => !largest.includes(box)))];
}

/** The median of each edge. */
function middle(boxes: readonly Box[]): Box {
  const median = (edge: (box: Box) => number) => boxes.map(edge).sort((a, b) => a - b)[Math.floor(boxes.length / 2)];
  const [x0, y0, x1, y1] = [median(([x]) => x), median(([, y]) => y), median(([x, , w]) => x + w), median(([, y, , h]) => y + h)];
  return [x0, y0, x1 - x0, y1 - y0];
}

/** Area of the intersection over that of the union. */
export function iou([ax, ay, aw, ah]: Box, [bx, by, bw, bh]: Box): number {
  const across = Math.min(ax + aw, bx + bw) - Math.max(ax, bx);
  const down = Math.min(ay + ah, by + bh) - Math.max(ay, by);
  const both = Math.max(0, across) * Math.max(0, down);
  return both / (aw * ah + bw * bh - both);
}

/** Whether each asked box is found: a thing of its class whose box has IoU 0.5 or more with it. */
export const boxesFound = (asked: readonly PlacedThing[], found: readonly PlacedThing[]): boolean[] =>
  asked.map(({ what, box }) => found.some((thing) => thing.what === what && iou(thing.box, box) >= 0.5));

/** Fresh drawings that the finder is measured on. */
const MEASURED = 300;

/** Of 300 fresh drawings: the shares of boxes that are found, of classes that are there and seen, and of those that are neither. */
export async function measureFinder(): Promise<Readonly<Record<"boxes" | "present" | "absent", number>>> {
  const { boxes, present, absent } = await finderOnDrawings(MEASURED, FINDER_CANDIDATE);
  return { boxes: mean(boxes.map((each) => Number(each.found))), present, absent };
}

/** @param count fresh drawings @param folder of the finder; default the one that ships */
export async function finderOnDrawings(count: number, folder?: string) {
  const finder = await openFinder(2, folder);
  const { images, scenes } = freshScenes(count, SEEDS.fresh);
  const seen = await finder.look(images);
  await finder.close();
  const boxes = scenes.flatMap(({ objects }, k) => {
    const hits = boxesFound(objects, seen[k]);
    return objects.map(({ what }, j) => ({ what, found: hits[j], scene: k }));
  });
  const names = (all: readonly PlacedThing[]) => new Set(all.map(({ what }) => what));
  const pairs = scenes.map(({ objects }, k) => [names(objects), names(seen[k])] as const);
  const share = (of: (asked: ReadonlySet<string>, found: ReadonlySet<string>) => boolean[]) =>
    mean(pairs.flatMap(([asked, found]) => of(asked, found).map(Number)));
  return {
    boxes,
    present: share((asked, found) => [...asked].map((what) => found.has(what))),
    absent: share((asked, found) => THINGS.filter((what) => !asked.has(what)).map((what) => !found.has(what))),
  };
}
