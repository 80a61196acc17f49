/**
 * @file What the networks of metrics cost, at full size with random weights: pictures a second, resizing included, and the share of the machine's
 * matrix rate that this is. The bound is a thousand features of FID's Inception within 15 minutes.
 */
import { openMetricNetwork } from "veduta";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { flopsOf } from "#kernel-lib/graph/flops.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { clipConfig, clipImageVectors } from "#kernel-lib/nets/clip.js";
import { INCEPTION_SIDE, inception } from "#kernel-lib/nets/inception.js";
import { inputParameters } from "#kernel-lib/nets/parameters.js";
import { vgg19Grams } from "#kernel-lib/nets/vgg19.js";
import { clipJson } from "#kernel-lib/pipelines/random-weights/random-network.js";
import { matrixRate } from "./gemm.mjs";
import { THREADS } from "./race.mjs";

/** Crops of the paper's panoramas. */
const SIDE = 512;
const BATCH = 4;
const ROUNDS = 3;

/** What each network gives of one crop. @type {Record<string, (graph: Graph, p: import("#kernel-lib/nets/parameters.js").Parameters) => readonly import("#kernel-lib/graph/graph.js").Value[]>} */
const NETWORKS = {
  inception: (graph, p) => [inception(p, graph.input("image", [1, 3, INCEPTION_SIDE, INCEPTION_SIDE])).features],
  vgg19: (graph, p) => vgg19Grams(p, graph.input("image", [1, 3, SIDE, SIDE])),
  "clip-b16": (graph, p) => {
    const config = clipConfig("clip-b16", clipJson(16));
    return [clipImageVectors(config, p, graph.input("image", [1, 3, config.vision.imageSize, config.vision.imageSize])).unit];
  },
};

/** @returns {Promise<import("./table.mjs").Row[]>} */
export async function measureFeatures() {
  const [, rate] = await matrixRate();
  const images = randn(createRng(3), [BATCH, 3, SIDE, SIDE]);
  /** @type {import("./table.mjs").Row[]} */
  const rows = [];
  for (const [name, network] of Object.entries(NETWORKS)) {
    const graph = new Graph();
    for (const [k, value] of network(graph, inputParameters(graph, "weights.")).entries()) graph.output(`feature${k}`, value);
    const gflop = flopsOf(graph) / 1e9;
    const opened = await openMetricNetwork(/** @type {never} */ (name), { weights: "random", device: "cpu", threads: THREADS });
    const look = opened.features ?? opened.grams ?? opened.embedImages;
    let fastest = Number.POSITIVE_INFINITY;
    for (let round = 0; round <= ROUNDS; round++) {
      const begun = performance.now();
      await look?.(images);
      if (round > 0) fastest = Math.min(fastest, (performance.now() - begun) / 1000 / BATCH);
    }
    await opened.close();
    const note = `${(1 / fastest).toFixed(1)} crops of ${SIDE}² a second, ${gflop.toFixed(1)} GFLOP each`;
    rows.push(
      { what: `${opened.title}: 1,000 crops`, value: (1000 * fastest) / 60, unit: "min", note, ...(name === "inception" && { bound: 15 }) },
      { what: "  of the matrix rate", value: gflop / fastest / rate, unit: "", note: `${rate.toFixed(0)} GFLOP/s in a product` },
    );
  }
  return rows;
}
