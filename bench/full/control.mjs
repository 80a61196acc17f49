/**
 * @file A ControlNet at Stable Diffusion 1.5's size: time and memory of one window's synchronised step, with the ControlNet and without. Each in a process
 * of its own, on random weights. Arguments of such a process: the checkpoint's folder, and the ControlNet's, where there is one.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { sizeOf } from "#kernel-lib/core/tensor.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { controlNet, controlNetConfig } from "#kernel-lib/nets/control-net.js";
import { inputParameters } from "#kernel-lib/nets/parameters.js";
import { openModel } from "#kernel-lib/pipelines/open-model.js";
import { ARCHITECTURES } from "#kernel-lib/pipelines/random-weights/architectures.js";
import { levelsOf, numberStream } from "#kernel-lib/pipelines/random-weights/numbers.js";
import { spreadOf } from "#kernel-lib/pipelines/random-weights/recipe.js";
import { writeRandomWeights } from "#kernel-lib/pipelines/random-weights/write-random-weights.js";
import { writeSafetensors } from "#kernel-lib/weights/safetensors.js";
import { peakMiB } from "../memory.mjs";
import { THREADS } from "../race.mjs";

/** What a step may take in all. */
const MOST_GIB = 20;

/** @returns {Promise<import("../table.mjs").Row[]>} */
export async function measureControl() {
  const parent = mkdtempSync(join(tmpdir(), "veduta-control-"));
  try {
    const [folder, control] = [join(parent, "sd15"), join(parent, "control")];
    await writeRandomWeights(ARCHITECTURES.sd15, folder);
    const parameters = writeRandomControlNet(control);
    const [alone, controlled] = [stepApart(folder), stepApart(folder, control)];
    const note = `${(parameters / 1e6).toFixed(0)} million parameters; alone ${alone.seconds.toFixed(0)} s and ${(alone.peak / 1024).toFixed(1)} GiB`;
    return [
      { what: "SD 1.5 with a ControlNet, a synchronised step of one 512 px window", value: controlled.seconds, unit: "s", note },
      { what: "its time, of a step's without a ControlNet", value: controlled.seconds / alone.seconds, unit: "", bound: 1.6 },
      { what: "its process: resident at most", value: controlled.peak / 1024, unit: "GiB", bound: MOST_GIB },
    ];
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

/** @param {string} folder @returns {number} parameters */
function writeRandomControlNet(folder) {
  const { sample_size: _, out_channels: __, up_block_types: ___, ...unet } = ARCHITECTURES.sd15.unet;
  const json = { ...unet, _class_name: "ControlNetModel" };
  const config = controlNetConfig("config.json", json);
  const graph = new Graph();
  const asked = inputParameters(graph, "weight ");
  const input = (/** @type {string} */ name, /** @type {number[]} */ ...shape) => graph.input(name, shape);
  controlNet(config, asked, {
    ...{ latent: input("latent", 1, 4, 64, 64), text: input("text", 1, 77, config.crossAttentionDim), scale: input("scale", 1) },
    ...{ embedding: input("embedding", 1, config.blockOutChannels[0]), image: input("image", 1, 3, 512, 512) },
  });
  const draw = numberStream(1);
  const tensors = [...asked.all].map(([key, { shape }]) => {
    const data = new Float32Array(sizeOf(shape));
    draw(data, levelsOf(spreadOf("unet", key, shape, { scalingFactor: 1 }), "F32"));
    return /** @type {const} */ ([key, { data, shape }]);
  });
  mkdirSync(folder);
  writeFileSync(join(folder, "config.json"), JSON.stringify(json));
  writeSafetensors(join(folder, "diffusion_pytorch_model.safetensors"), Object.fromEntries(tensors));
  return tensors.reduce((sum, [, { data }]) => sum + data.length, 0);
}

/** @param {string[]} folders @returns {{ seconds: number, peak: number }} s, MiB */
function stepApart(...folders) {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...folders], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`a step of ${folders.length} networks ended with ${signal ?? `exit code ${status}`}:\n${stderr}`);
  return JSON.parse(stdout);
}

/** The second step: the first one loads the networks. @param {string} folder @param {string} [control] */
async function step(folder, control) {
  const model = await openModel(folder, { device: "cpu", threads: THREADS, control });
  const rng = createRng(5);
  const [text, latent, anchor] = [randn(rng, [2, 77, 768]), randn(rng, [1, 4, 64, 64]), randn(rng, [1, 3, 512, 512])];
  const image = { data: Float32Array.from({ length: 3 * 512 * 512 }, () => rng.uniform()), shape: [1, 3, 512, 512] };
  const controls = control === undefined ? [] : [{ net: 0, image, scale: 1, mode: /** @type {const} */ ("balanced") }];
  const call = { timestep: 501, text, controls };
  let seconds = 0;
  for (let k = 0; k < 2; k++) {
    const begun = performance.now();
    await model.perceptualGradient(latent, { ...call, anchor });
    await model.predictNoise(latent, call);
    seconds = (performance.now() - begun) / 1000;
  }
  console.log(JSON.stringify({ seconds, peak: peakMiB() }));
  await model.close();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await step(process.argv[2], process.argv[3]);
