/** @file LPIPS as programs: the distance of images, and its two halves, for those who compare an image with many. */
import type { Shape } from "../core/tensor.js";
import type { Program } from "../engine/program.js";
import { Graph } from "../graph/graph.js";
import { reduceMean } from "../graph/ops/reduce.js";
import { reshape } from "../graph/ops/shape.js";
import { checkpointParameters, type Part } from "./parameters.js";
import { featureDistance, features, type PerceptualConfig, perceptualDistance, unitFeatures } from "./perceptual.js";

/** In pixels. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
}

/** image [N,3,H,W] and reference [1,3,H,W], both in [-1,1] -> distance [N] */
export const distanceToOneProgram = (part: Part<PerceptualConfig>): Program<ImageSize, "image", "reference", "distance"> => ({
  name: "perceptualDistance to one",
  graph: (size, batch) => distanceGraph(part, size, batch, 1),
});

/** image and reference [N,3,H,W], both in [-1,1] -> distance [N] */
export const distanceToEachProgram = (part: Part<PerceptualConfig>): Program<ImageSize, "image" | "reference", never, "distance"> => ({
  name: "perceptualDistance to each",
  graph: (size, batch) => distanceGraph(part, size, batch, batch),
});

function distanceGraph(part: Part<PerceptualConfig>, { height, width }: ImageSize, batch: number, references: number): Graph {
  const graph = new Graph();
  const image = graph.input("image", [batch, 3, height, width]);
  const reference = graph.input("reference", [references, 3, height, width]);
  graph.output("distance", perceptualDistance(part.config, checkpointParameters(graph, part), image, reference));
  return graph;
}

/** image [N,3,H,W] in [-1,1] -> its unit-length feature maps map0, map1, …: [N,C_k,H_k,W_k] */
export const featuresProgram = (part: Part<PerceptualConfig>): Program<ImageSize, "image", never, `map${number}`> => ({
  name: "features",
  graph({ height, width }, batch) {
    const graph = new Graph();
    const image = graph.input("image", [batch, 3, height, width]);
    for (const [k, map] of unitFeatures(part.config, checkpointParameters(graph, part), image).entries()) graph.output(`map${k}`, map);
    return graph;
  },
});

/** Feature maps a0, a1, … and b0, b1, …, [N,C_k,H_k,W_k] -> distance [N]. The size lists the maps' shapes without their rows. */
export const featureDistanceProgram = (
  part: Part<PerceptualConfig>,
): Program<{ readonly maps: readonly Shape[] }, `a${number}` | `b${number}`, never, "distance"> => ({
  name: "featureDistance",
  graph({ maps }, batch) {
    const graph = new Graph();
    const [a, b] = ["a", "b"].map((name) => maps.map((shape, k) => graph.input(`${name}${k}`, [batch, ...shape])));
    graph.output("distance", featureDistance(checkpointParameters(graph, part), a, b));
    return graph;
  },
});

/** image [N,3,H,W] in [-1,1] -> features [N,C], the means over the pixels of the last feature map */
export const pooledFeaturesProgram = (part: Part<PerceptualConfig>): Program<ImageSize, "image", never, "features"> => ({
  name: "pooled features",
  graph({ height, width }, batch) {
    const graph = new Graph();
    const maps = features(part.config, checkpointParameters(graph, part), graph.input("image", [batch, 3, height, width]));
    const last = maps[maps.length - 1];
    graph.output("features", reshape(reduceMean(last, [2, 3]), last.shape.slice(0, 2)));
    return graph;
  },
});
