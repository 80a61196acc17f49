/** @file Training the finder on drawings that no other training sees. It judges layouts, so it must not learn from what it judges. */
import type { Feeds } from "../../../kernel-lib/engine/session.js";
import type { Value } from "../../../kernel-lib/graph/graph.js";
import { abs, add, div, mul, sub } from "../../../kernel-lib/graph/ops/elementwise.js";
import { reduceSum } from "../../../kernel-lib/graph/ops/reduce.js";
import { reshape, transpose } from "../../../kernel-lib/graph/ops/shape.js";
import { crossEntropy } from "../../../kernel-lib/nets/classifier.js";
import { roughen } from "../../tiny-landscapes/train/classifier.js";
import { labelledStream, SEEDS, writeCrop } from "../../tiny-landscapes/train/drawings.js";
import { saveWith } from "../../tiny-landscapes/train/folder.js";
import type { LossGraph, Training } from "../../train/training.js";
import { initialParameter } from "../../train/training.js";
import { measureFinder } from "../check/finder.js";
import { CELLS, type Cells, cellsOf, randomWindow, SIDE } from "./cells.js";
import { CELL_CLASSES, finder } from "./finder-net.js";
import { FINDER_CANDIDATE, saveFinder } from "./folder.js";

const COUNT = 16;
/** Of the mean distance to a box's edge, in shares of the box's sides. */
const EDGE_WEIGHT = 4;

const loss: LossGraph = (graph, p) => {
  const image = graph.input("image", [COUNT, 3, SIDE, SIDE]);
  const classes = graph.input("classes", [COUNT, CELL_CLASSES, CELLS, CELLS]); // a one in each cell
  const wanted = graph.input("edges", [COUNT, 4, CELLS, CELLS]);
  const [weights, edgeWeights] = ["weights", "edgeWeights"].map((name) => graph.input(name, [COUNT, 1, CELLS, CELLS]));
  const { scores, edges } = finder(p, image);
  const perCell = (x: Value) => reshape(transpose(x, [0, 2, 3, 1]), [COUNT * CELLS * CELLS, CELL_CLASSES]);
  const total = (x: Value) => reshape(reduceSum(x, [...x.shape.keys()]), []);
  const perPixel = reshape(weights, [COUNT * CELLS * CELLS]);
  const entropy = div(total(mul(crossEntropy(perCell(scores), perCell(classes)), perPixel)), total(weights));
  const distance = div(total(mul(abs(sub(edges, wanted)), edgeWeights)), mul(total(weights), 4));
  return { loss: add(entropy, mul(distance, EDGE_WEIGHT)), entropy, distance };
};

export const finderTraining = (): Training => ({
  name: "scenes-finder",
  seed: 8,
  learningRate: 2e-3,
  weightDecay: 0,
  averaging: 0.999,
  microBatches: 2,
  rows: COUNT,
  loss,
  feeder(_, lane) {
    const stream = labelledStream(SEEDS.finder, lane);
    return (rng) => {
      const drawings = stream();
      const size = 3 * SIDE * SIDE;
      const image = new Float32Array(COUNT * size);
      const cells = Array.from({ length: COUNT }, (_, n) => {
        const drawing = drawings[rng.below(drawings.length)];
        const window = randomWindow(rng, drawing.width);
        writeCrop(image, n * size, drawing, window.left, 0, SIDE, window.mirrored);
        return cellsOf(drawing, window);
      });
      return { image: roughen(rng, { data: image, shape: [COUNT, 3, SIDE, SIDE] }), ...targets(cells) };
    };
  },
  initial: initialParameter,
  save: saveWith("scenes-finder", saveFinder, FINDER_CANDIDATE),
  measure: measureFinder,
});

function targets(all: readonly Cells[]): Feeds {
  const plane = CELLS * CELLS;
  const [ones, edges, weights, edgeWeights] = [CELL_CLASSES, 4, 1, 1].map((channels) => new Float32Array(COUNT * channels * plane));
  for (const [n, cells] of all.entries()) {
    edges.set(cells.edges, n * 4 * plane);
    weights.set(cells.weights, n * plane);
    edgeWeights.set(cells.edgeWeights, n * plane);
    for (const [k, name] of cells.classes.entries()) ones[(n * CELL_CLASSES + name) * plane + k] = 1;
  }
  const shape = (channels: number) => [COUNT, channels, CELLS, CELLS];
  return {
    classes: { data: ones, shape: shape(CELL_CLASSES) },
    edges: { data: edges, shape: shape(4) },
    weights: { data: weights, shape: shape(1) },
    edgeWeights: { data: edgeWeights, shape: shape(1) },
  };
}
