/** @file A network for metrics with random weights at full size: for measuring time and memory where no trained weights can be had. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../core/json.js";
import { type Shape, sizeOf, type Tensor } from "../../core/tensor.js";
import { Graph } from "../../graph/graph.js";
import { clipConfig, clipImageVectors, clipTextVectors } from "../../nets/clip.js";
import { INCEPTION_SIDE, inception } from "../../nets/inception.js";
import { inputParameters, type Parameters } from "../../nets/parameters.js";
import { vgg19Grams } from "../../nets/vgg19.js";
import { tokenizerFiles } from "../../text/tokenizer-files.js";
import { writeSafetensors } from "../../weights/safetensors.js";
import { levelsOf, numberStream } from "./numbers.js";
import type { Spread } from "./recipe.js";

const SEED = 0;

/** openai/clip-vit-base-patch16 and -patch32: config.json without the keys that change nothing here. */
export const clipJson = (patch: number): JsonObject => ({
  model_type: "clip",
  projection_dim: 512,
  text_config: { hidden_size: 512, intermediate_size: 2048, num_attention_heads: 8, num_hidden_layers: 12 },
  vision_config: {
    hidden_size: 768,
    intermediate_size: 3072,
    num_attention_heads: 12,
    num_hidden_layers: 12,
    image_size: 224,
    patch_size: patch,
  },
});

const NETWORKS: Readonly<Record<string, (p: Parameters, graph: Graph) => void>> = {
  inception: (p, graph) => void inception(p, graph.input("image", [1, 3, INCEPTION_SIDE, INCEPTION_SIDE])),
  vgg19: (p, graph) => void vgg19Grams(p, graph.input("image", [1, 3, 32, 32])),
  "clip-b16": (p, graph) => clip(p, graph, 16),
  "clip-b32": (p, graph) => clip(p, graph, 32),
};

function clip(p: Parameters, graph: Graph, patch: number): void {
  const config = clipConfig("config.json", clipJson(patch));
  clipImageVectors(config, p, graph.input("pixels", [1, 3, config.vision.imageSize, config.vision.imageSize]));
  clipTextVectors(config, p, graph.input("ids", [1, 77], "int32"), graph.input("end", [1, 77]));
}

/**
 * Writes the network's weights, and CLIP's config and tokenizer, into a folder.
 * @returns the folder
 * @throws RangeError for a network that has no random weights
 */
export async function writeRandomNetwork(name: string, folder: string): Promise<string> {
  const build = NETWORKS[name];
  if (!build) throw new RangeError(`random weights of ${name}: want one of ${Object.keys(NETWORKS).join(", ")}`);
  const graph = new Graph();
  const asked = inputParameters(graph, "weight ");
  build(asked, graph);
  const draw = numberStream(SEED);
  const tensors = [...asked.all].map(([key, { shape }]): [string, Tensor] => {
    const data = new Float32Array(sizeOf(shape));
    draw(data, levelsOf(spreadOf(key, shape), "F32"));
    return [key, { data, shape }];
  });
  writeSafetensors(join(folder, "model.safetensors"), Object.fromEntries(tensors));
  if (name.startsWith("clip")) {
    writeFileSync(join(folder, "config.json"), JSON.stringify(clipJson(Number(name.slice(6)))));
    const files = tokenizerFiles({ words: ["a", "photo", "of"], contextLength: 77, vocabSize: 49408 });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  }
  return folder;
}

/** Weights keep the variance of their input through a ReLU, norms are near 1. */
function spreadOf(key: string, shape: Shape): Spread {
  if (key.endsWith("running_var")) return { mean: 1, deviation: 0.2 };
  if (/\.(bias|running_mean)$/.test(key)) return { mean: 0, deviation: 0.05 };
  if (key.endsWith("class_embedding") || key.includes("_embedding.weight")) return { mean: 0, deviation: 0.5 };
  if (shape.length === 1) return { mean: 1, deviation: 0.1 };
  const gain = key.includes("conv") || key.startsWith("features") ? Math.SQRT2 : 1;
  return { mean: 0, deviation: gain / Math.sqrt(sizeOf(shape.slice(1))) };
}
