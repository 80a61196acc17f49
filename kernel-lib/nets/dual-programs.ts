/** @file A dual encoder as programs: vectors of pictures and of texts, and energies of pictures with their gradients. */
import type { Program } from "../engine/program.js";
import { Graph } from "../graph/graph.js";
import { mul, sub } from "../graph/ops/elementwise.js";
import { reduceSum } from "../graph/ops/reduce.js";
import { reshape } from "../graph/ops/shape.js";
import { crossEntropy } from "./classifier.js";
import { type DualEncoderConfig, dualLogits, imageVectors, textVectors } from "./dual-encoder.js";
import { energyGraph } from "./energy-graph.js";
import { checkpointParameters, type Part } from "./parameters.js";
import type { ImageSize } from "./perceptual-programs.js";

type Dual = Part<DualEncoderConfig>;

/** image [N,3,H,W] in [-1,1] -> vector [N,E] */
export const imageVectorsProgram = (part: Dual): Program<ImageSize, "image", never, "vector"> => ({
  name: "embedImages",
  graph({ height, width }, batch) {
    const graph = new Graph();
    const image = graph.input("image", [batch, 3, height, width]);
    graph.output("vector", imageVectors(part.config, checkpointParameters(graph, part), image));
    return graph;
  },
});

/** state [n,D] of the text encoder at each prompt's last token -> vector [n,E] */
export const textVectorsProgram = (part: Dual): Program<Record<never, never>, "state", never, "vector"> => ({
  name: "embedPrompts",
  graph(_, batch) {
    const graph = new Graph();
    const state = graph.input("state", [batch, part.config.hiddenSize]);
    graph.output("vector", textVectors(part.config, checkpointParameters(graph, part), state));
    return graph;
  },
});

/** image [N,3,H,W] in [-1,1] and one text's vector [1,E] -> energy [N], 1 − cosine, and its gradient [N,3,H,W] */
export const textEnergyProgram = (part: Dual): Program<ImageSize, "image", "text", "energy" | "gradient"> => ({
  name: "textEnergyGradient",
  graph: (size, batch) =>
    energyGraph(size, batch, (graph, image) => {
      const text = graph.input("text", [1, part.config.projectionDim]);
      const vectors = imageVectors(part.config, checkpointParameters(graph, part), image); // [N,E]
      return sub(1, reshape(reduceSum(mul(vectors, text), [1]), [batch]));
    }),
});

/** Of a choice among texts. */
export interface ChoiceSize extends ImageSize {
  readonly texts: number;
}

/**
 * image [N,3,H,W] in [-1,1], the vectors of all texts [K,E], and 1 for the wanted one, 0 for the others [1,K]
 * -> energy [N], the cross-entropy −log softmax(scaled cosines) of the wanted text, and its gradient [N,3,H,W]
 */
export const choiceEnergyProgram = (part: Dual): Program<ChoiceSize, "image", "text" | "wanted", "energy" | "gradient"> => ({
  name: "choiceEnergyGradient",
  graph: ({ texts, ...size }, batch) =>
    energyGraph(size, batch, (graph, image) => {
      const p = checkpointParameters(graph, part);
      const [text, wanted] = [graph.input("text", [texts, part.config.projectionDim]), graph.input("wanted", [1, texts])];
      return crossEntropy(dualLogits(p, imageVectors(part.config, p, image), text), wanted); // [N]
    }),
});
