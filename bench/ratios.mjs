/** @file What a gradient costs, in forward passes of the same network. Weights lie in files, as a checkpoint's do, so that ONNX Runtime packs them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gradient } from "#kernel-lib/graph/gradient.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { add, mul } from "#kernel-lib/graph/ops/elementwise.js";
import { reduceMean } from "#kernel-lib/graph/ops/reduce.js";
import { reshape } from "#kernel-lib/graph/ops/shape.js";
import { resnetAt } from "#kernel-lib/nets/layers.js";
import { checkpointParameters, under } from "#kernel-lib/nets/parameters.js";
import { features } from "#kernel-lib/nets/perceptual.js";
import { unetConfig } from "#kernel-lib/nets/unet.js";
import { unetTransformer } from "#kernel-lib/nets/unet-encoder.js";
import { ARCHITECTURES } from "#kernel-lib/pipelines/random-weights/architectures.js";
import { openSafetensors, writeSafetensors } from "#kernel-lib/weights/safetensors.js";
import { race, THREADS } from "./race.mjs";
import { randomWeights } from "./random-weights.mjs";

/** The U-Net of Stable Diffusion 2, as its config says. */
const SD2 = unetConfig("Stable Diffusion 2", ARCHITECTURES["sd2-base"].unet);

/**
 * A network under test: its input, and a value whose gradient with respect to that input is taken.
 * @typedef {(graph: Graph, p: import("#kernel-lib/nets/parameters.js").Parameters) => { x: import("#kernel-lib/graph/graph.js").Value, y: import("#kernel-lib/graph/graph.js").Value }} Network
 */

/** One residual block and one transformer of the uppermost level: two windows under guidance. @type {Network} */
function block(graph, p) {
  const [channels, side] = [SD2.blockOutChannels[0], SD2.sampleSize];
  const x = graph.input("x", [2, channels, side, side]);
  const time = graph.input("time", [2, 4 * channels]);
  const text = graph.input("text", [2, 77, SD2.crossAttentionDim]);
  const h = resnetAt(p, "resnet", x, channels, time, { groups: SD2.normNumGroups, epsilon: SD2.normEps });
  return { x, y: unetTransformer(SD2, under(p, "attention"), h, text, SD2.heads[0]) };
}

/** The five feature maps of VGG16, each squared and averaged, as a distance takes them. @type {Network} */
function vgg(graph, p) {
  const x = graph.input("x", [1, 3, 256, 256]);
  const means = features({ net: "vgg", epsilon: 1e-10 }, p, x).map((map) => reshape(reduceMean(mul(map, map), [1, 2, 3]), [1]));
  return { x, y: means.reduce((a, b) => add(a, b)) };
}

/** Networks by name. @type {Record<"block" | "vgg", Network>} */
const NETWORKS = { block, vgg };

/** A graph of a network's forward pass and gradient, over weights in a file that `discard` removes. @param {"block" | "vgg"} name */
export function withGradient(name) {
  const folder = mkdtempSync(join(tmpdir(), "veduta-bench-"));
  return { graph: graphsOf(NETWORKS[name], folder).both, discard: () => rmSync(folder, { recursive: true, force: true }) };
}

/** @param {Network} network @param {string} folder */
function graphsOf(network, folder) {
  const file = join(folder, "weights.safetensors");
  writeSafetensors(file, randomWeights(network));
  const weights = openSafetensors(file).tensors;
  const [forward, both] = [new Graph(), new Graph()];
  forward.output("y", network(forward, checkpointParameters(forward, { file, weights })).y);
  const { x, y } = network(both, checkpointParameters(both, { file, weights }));
  both.output("y", y);
  // each output weighted by a fed number: a gradient of constants would be computed at load
  both.output("dx", gradient(both, mul(y, both.input("seed", y.shape)), x));
  return { forward, both };
}

/** @param {Network} network @param {number} rounds */
async function cost(network, rounds) {
  const folder = mkdtempSync(join(tmpdir(), "veduta-bench-"));
  try {
    const { forward, both } = graphsOf(network, folder);
    return await race([forward, both], rounds);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} what @param {Network} network @param {{ bound: number, rounds: number }} options @returns {Promise<import("./table.mjs").Row[]>} */
async function ratio(what, network, { bound, rounds }) {
  const [forward, both] = await cost(network, rounds);
  const note = `forward ${forward.toFixed(0)} ms, with gradient ${both.toFixed(0)} ms, ${THREADS} threads`;
  return [{ what: `${what}: forward and gradient`, value: both / forward, unit: "forwards", bound, note }];
}

export const measureBlock = () => ratio("U-Net block of SD 2, 320 channels, 64×64, batch 2", block, { bound: 3, rounds: 5 });
export const measureVgg = () => ratio("VGG16 at 256²", vgg, { bound: 2.5, rounds: 8 });
