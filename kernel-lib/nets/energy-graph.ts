/** @file The graph of an energy of pictures with its gradient. */
import { gradient } from "../graph/gradient.js";
import { Graph, type Value } from "../graph/graph.js";
import type { ImageSize } from "./perceptual-programs.js";

/** energy [N] of image [N,3,H,W], and its gradient [N,3,H,W]: a row's energy depends on its own image alone, so the sum's gradient is every row's own. */
export function energyGraph({ height, width }: ImageSize, batch: number, energy: (graph: Graph, image: Value) => Value): Graph {
  const graph = new Graph();
  const image = graph.input("image", [batch, 3, height, width]);
  const value = energy(graph, image); // [N]
  graph.output("energy", value);
  graph.output("gradient", gradient(graph, value, image));
  return graph;
}
