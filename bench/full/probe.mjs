/**
 * @file One program, built, loaded and run in a process of its own, so that its memory is its own: prints a JSON line.
 * Arguments: the checkpoint's folder, then a JSON of ProbeOptions.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { peakBytes } from "#kernel-lib/engine/memory.js";
import { openSession } from "#kernel-lib/engine/session.js";
import { flopsOf } from "#kernel-lib/graph/flops.js";
import { gradient } from "#kernel-lib/graph/gradient.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { onnxBytes } from "#kernel-lib/graph/onnx.js";
import { mul } from "#kernel-lib/graph/ops/elementwise.js";
import { concat } from "#kernel-lib/graph/ops/shape.js";
import { segment } from "#kernel-lib/graph/segment.js";
import { noiseProgram } from "#kernel-lib/nets/guided-denoiser.js";
import { resnetAt } from "#kernel-lib/nets/layers.js";
import { checkpointParameters, under } from "#kernel-lib/nets/parameters.js";
import { perceptualGradientProgram } from "#kernel-lib/nets/perceptual-gradient.js";
import { unetTransformer } from "#kernel-lib/nets/unet-encoder.js";
import { openCheckpoint } from "#kernel-lib/pipelines/stable-diffusion-parts.js";
import { THREADS } from "../race.mjs";
import { gatedModel } from "./gated.mjs";

/**
 * @typedef {object} ProbeOptions
 * @property {"noise" | "gradient" | "block" | "gated"} program "block": the U-Net's largest, with gradient; "gated": noise and gradient behind an If
 * @property {number} side latent pixels
 * @property {boolean} checkpointing
 * @property {import("#kernel-lib/engine/session.js").WeightLayout} weights
 * @property {number} runs 0 loads only
 *
 * @typedef {object} Probe
 * @property {number} build seconds to build the graph and its bytes
 * @property {number} nodes
 * @property {number} load seconds
 * @property {{ own: number, mapped: number }} loaded resident MiB after loading
 * @property {number} run seconds, the fastest
 * @property {number} peak MiB of its own that a run took besides what it had before
 * @property {number} highest resident MiB of the whole process
 * @property {number} estimate MiB that memory.ts counts for the run
 * @property {number} flops of one run
 */

/** @param {string} folder @param {ProbeOptions} options @returns {Probe} */
export function probe(folder, options) {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [fileURLToPath(import.meta.url), folder, JSON.stringify(options)],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`${JSON.stringify(options)} ended with ${signal ?? `exit code ${status}`}:\n${stderr}`);
  return JSON.parse(stdout);
}

/** @param {string} name of /proc/self/status @returns {number} MiB */
const status = (name) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;

/** Watches this process's own memory from a thread of its own while this one is in a network call. */
function watchMemory() {
  const most = new Float64Array(new SharedArrayBuffer(8));
  const code = `
    const { workerData: most } = require("node:worker_threads");
    const { readFileSync } = require("node:fs");
    setInterval(() => {
      const [, kB] = /RssAnon:\\s+(\\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
      most[0] = Math.max(most[0], kB / 1024);
    }, 5);`;
  const worker = new Worker(code, { eval: true, workerData: most });
  return {
    /** @returns {Promise<number>} the most, MiB */
    stop: async () => {
      await worker.terminate();
      return most[0];
    },
  };
}

/** @param {string} folder @param {ProbeOptions} options @returns {{ graph: Graph, model: Uint8Array }} */
function build(folder, { program, side, checkpointing }) {
  const parts = openCheckpoint(folder);
  const unet = parts.part("unet");
  const network = { unet, prediction: parts.part("scheduler").prediction };
  const size = /** @type {const} */ ({ height: side, width: side, tokens: 77, texts: 2 });
  if (program === "block") {
    const graph = new Graph({ checkpointing });
    const { x, y } = largestBlock(graph, unet, side);
    graph.output("gradient", gradient(graph, mul(y, graph.input("seed", y.shape)), x));
    return { graph, model: onnxBytes(graph) };
  }
  if (program === "noise") {
    const graph = noiseProgram(network).graph(size, 1, { checkpointing });
    return { graph, model: onnxBytes(graph) };
  }
  const graph = perceptualGradientProgram(network, parts.part("vae"), parts.part("perceptual")).graph(size, 1, { checkpointing });
  // both programs begin with the same nodes
  const noise = noiseProgram(network).graph(size, 1, { checkpointing }).outputs[0].value.name;
  return { graph, model: program === "gated" ? gatedModel(graph, noise) : onnxBytes(graph) };
}

/**
 * The last level's first residual block and transformer: two rows, the level below and a skip joined.
 * @param {Graph} graph @param {import("#kernel-lib/nets/parameters.js").Part<import("#kernel-lib/nets/unet.js").UNetConfig>} part @param {number} side
 */
function largestBlock(graph, part, side) {
  const { config } = part;
  const [channels, below] = config.blockOutChannels;
  const p = under(checkpointParameters(graph, part), `up_blocks.${config.blockOutChannels.length - 1}`);
  const x = graph.input("x", [2, below, side, side]);
  const skip = graph.input("skip", [2, channels, side, side]);
  const time = graph.input("time", [2, 4 * channels]);
  const text = graph.input("text", [2, 77, config.crossAttentionDim]);
  const norm = { groups: config.normNumGroups, epsilon: config.normEps };
  const h = segment([x, skip, time], ([x, skip, time]) => resnetAt(p, "resnets.0", concat([x, skip], 1), channels, time, norm));
  return { x, y: segment([h], ([h]) => unetTransformer(config, under(p, "attentions.0"), h, text, config.heads[0])) };
}

/** @param {string} folder @param {ProbeOptions} options @returns {Promise<Probe>} */
async function measure(folder, options) {
  const begun = performance.now();
  const { graph, model } = build(folder, options);
  const built = performance.now();
  const session = await openSession(model, { device: "cpu", threads: THREADS, weights: options.weights });
  const opened = performance.now();
  const loaded = { own: status("RssAnon"), mapped: status("RssFile") };
  const before = status("RssAnon");
  const watch = watchMemory();
  const rng = createRng(4);
  const feeds = Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, randn(rng, shape)]));
  for (const name of ["alpha", "sigma"]) feeds[name]?.data.fill(Math.SQRT1_2);
  feeds.guidance?.data.fill(7.5);
  let run = Number.POSITIVE_INFINITY;
  for (let k = 0; k < options.runs; k++) {
    const started = performance.now();
    const results = await session.run(feeds);
    run = Math.min(run, (performance.now() - started) / 1000);
    for (const [name, { data }] of Object.entries(results))
      if (!data.every(Number.isFinite) || data.every((x) => x === 0)) throw new Error(`${name} is not finite, or zero everywhere`);
  }
  return {
    build: (built - begun) / 1000,
    nodes: graph.liveNodes().length,
    load: (opened - built) / 1000,
    loaded,
    run,
    peak: (await watch.stop()) - before,
    highest: status("VmHWM"),
    estimate: peakBytes(graph) / 2 ** 20,
    flops: flopsOf(graph),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  console.log(JSON.stringify(await measure(process.argv[2], JSON.parse(process.argv[3]))));
