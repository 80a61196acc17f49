/**
 * @file One program of a checkpoint, built, loaded and run in a process of its own, so that its memory is its own: prints a JSON line.
 * Arguments: the folder, then a JSON of ProbeOptions.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { openCheckpoint } from "#kernel-lib/checkpoint/folder.js";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { peakBytes } from "#kernel-lib/graph/memory.js";
import { onnxBytes } from "#kernel-lib/graph/onnx.js";
import { openSession } from "#kernel-lib/graph/session.js";
import { checkedParts } from "#kernel-lib/nets/checked-parts.js";
import { noiseProgram, perceptualGradientProgram } from "#kernel-lib/nets/programs.js";
import { THREADS } from "../race.mjs";
import { flopsOf } from "./flops.mjs";

/**
 * @typedef {object} ProbeOptions
 * @property {"noise" | "gradient"} program
 * @property {number} side latent pixels
 * @property {import("#kernel-lib/graph/graph.js").Keeps} keeps
 * @property {import("#kernel-lib/graph/session.js").Weights} weights
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

/** @param {string} folder @param {ProbeOptions} options @returns {Promise<Probe>} */
async function measure(folder, { program, side, keeps, weights, runs }) {
  const { unet, vae, prediction, perceptual } = checkedParts(openCheckpoint(folder));
  const shape = { batch: 1, height: side, width: side, tokens: 77, rows: 2, keeps };
  const begun = performance.now();
  const graph =
    program === "noise"
      ? noiseProgram({ unet, prediction }, shape)
      : perceptualGradientProgram({ unet, prediction, vae, perceptual: perceptual() }, shape);
  const model = onnxBytes(graph);
  const built = performance.now();
  const session = await openSession(model, { device: "cpu", threads: THREADS, weights });
  const opened = performance.now();
  const loaded = { own: status("RssAnon"), mapped: status("RssFile") };
  const before = status("RssAnon");
  const watch = watchMemory();
  const rng = createRng(4);
  const feeds = Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, randn(rng, shape)]));
  for (const name of ["alpha", "sigma"]) feeds[name]?.data.fill(Math.SQRT1_2);
  feeds.guidance.data.fill(7.5);
  let run = Number.POSITIVE_INFINITY;
  for (let k = 0; k < runs; k++) {
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
