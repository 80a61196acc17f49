/**
 * @file The first five convolutions of VGG19, whose Gram matrices say what a picture's style is: the network of Intra-Style-L. Source: torchvision,
 * models/vgg.py (vgg19.features); the style loss of PyTorch's neural-style tutorial (arXiv:1508.06576), which the official evaluation takes.
 */
import type { Program } from "../engine/program.js";
import { Graph, type Value } from "../graph/graph.js";
import { conv } from "../graph/ops/conv.js";
import { div, relu, sub } from "../graph/ops/elementwise.js";
import { maxPool } from "../graph/ops/pool.js";
import { checkpointParameters, type Parameters, type Part } from "./parameters.js";
import type { ImageSize } from "./perceptual-programs.js";
import { gram } from "./style.js";

/** Index in vgg19.features, channels, and what lies before it. */
const CONVOLUTIONS = [
  [0, 64, "picture"],
  [2, 64, "relu"],
  [5, 128, "relu, pool"],
  [7, 128, "relu"],
  [10, 256, "relu, pool"],
] as const;
/** torchvision's ImageNet statistics, for pictures in [0,1]. */
const MEAN = [0.485, 0.456, 0.406];
const DEVIATION = [0.229, 0.224, 0.225];

/**
 * The Gram matrices F·Fᵀ/(C·H·W) of the five convolutions, before their ReLU.
 * @param image [N,3,H,W] in [-1,1]
 * @returns [N,C_k,C_k] each
 */
export function vgg19Grams(p: Parameters, image: Value): readonly Value[] {
  const { graph } = image;
  // (x + 1)/2 normalised: x from [-1,1]
  const shift = graph.constant(
    MEAN.map((mean) => 2 * mean - 1),
    [1, 3, 1, 1],
  );
  const scale = graph.constant(
    DEVIATION.map((deviation) => 2 * deviation),
    [1, 3, 1, 1],
  );
  let h = div(sub(image, shift), scale);
  return CONVOLUTIONS.map(([index, out, before]) => {
    if (before !== "picture") h = relu(h);
    if (before === "relu, pool") h = maxPool(h, 2);
    h = conv(h, p(`features.${index}.weight`, [out, h.shape[1], 3, 3]), p(`features.${index}.bias`, [out]), { padding: 1 });
    return gram(h);
  });
}

/** image [N,3,H,W] in [-1,1] -> gram0 … gram4, [N,C_k,C_k] */
export const vgg19GramsProgram = (part: Part<unknown>): Program<ImageSize, "image", never, `gram${number}`> => ({
  name: "VGG19's Gram matrices",
  graph({ height, width }, batch) {
    const graph = new Graph();
    const image = graph.input("image", [batch, 3, height, width]);
    for (const [k, matrix] of vgg19Grams(checkpointParameters(graph, part), image).entries()) graph.output(`gram${k}`, matrix);
    return graph;
  },
});
