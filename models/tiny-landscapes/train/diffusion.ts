/**
 * @file Training the U-Net and the text encoder together, on latents that are encoded once, to predict v = alpha·eps − sigma·x0
 * (arXiv:2202.00512, appendix D): at high noise that is the picture itself, so a small network soon learns its large colours.
 */

import type { Rng } from "../../../kernel-lib/core/random.js";
import { randn } from "../../../kernel-lib/core/random.js";
import { createSchedule } from "../../../kernel-lib/diffusion/schedule.js";
import { openSession } from "../../../kernel-lib/engine/session.js";
import { Graph } from "../../../kernel-lib/graph/graph.js";
import { onnxBytes } from "../../../kernel-lib/graph/onnx.js";
import { add, mul, sub } from "../../../kernel-lib/graph/ops/elementwise.js";
import { reduceMean } from "../../../kernel-lib/graph/ops/reduce.js";
import { reshape } from "../../../kernel-lib/graph/ops/shape.js";
import { clipText } from "../../../kernel-lib/nets/clip-text.js";
import { checkpointParameters, under } from "../../../kernel-lib/nets/parameters.js";
import { timestepWaves } from "../../../kernel-lib/nets/timestep-waves.js";
import { unet } from "../../../kernel-lib/nets/unet.js";
import { vaeEncoder } from "../../../kernel-lib/nets/vae.js";
import { openCheckpoint } from "../../../kernel-lib/pipelines/folder.js";
import { readSafetensors } from "../../../kernel-lib/weights/safetensors.js";
import { caption } from "../world/captions.js";
import type { Landscape } from "../world/landscape.js";
import { textArchitecture, unetArchitecture } from "./configs.js";
import { DRAWING_HEIGHT, DRAWING_WIDTH, drawings, SEEDS } from "./drawings.js";
import { FOLDER, saveAutoencoder, saveDiffusion, vocabularySize } from "./folder.js";
import type { LossGraph, Task } from "./trainer.js";
import { initialParameter } from "./trainer.js";

const COUNT = 32;
const WINDOW = 16;
const TOKENS = 24;
/** how often the caption is left out, so that guidance has something to compare with */
const DROPPED = 0.1;
/** An error of x0 weighs SNR + 1 in the loss of v; capped, so that the lowest noise does not outweigh all else (as arXiv:2303.09556 caps it). */
const WEIGHT_CAP = 5;
const [LATENT_HEIGHT, LATENT_WIDTH] = [DRAWING_HEIGHT / 8, DRAWING_WIDTH / 8];

function loss(vocabulary: number): LossGraph {
  return (graph, p) => {
    const perRow = [COUNT, 1, 1, 1];
    const [clean, noise] = ["clean", "noise"].map((name) => graph.input(name, [COUNT, 4, WINDOW, WINDOW]));
    const [alpha, sigma, weight] = ["alpha", "sigma", "weight"].map((name) => graph.input(name, perRow));
    const waves = graph.input("waves", [COUNT, unetArchitecture().blockOutChannels[0]]);
    const ids = graph.input("ids", [COUNT, TOKENS], "int32");
    const noisy = add(mul(clean, alpha), mul(noise, sigma)); // x_t
    const text = clipText(textArchitecture(vocabulary), under(p, "text"), ids).lastHiddenState; // [N,24,64]
    const v = sub(mul(noise, alpha), mul(clean, sigma));
    const error = sub(unet(unetArchitecture(), under(p, "unet"), noisy, waves, text), v);
    const square = mul(error, error);
    const mean = (x: typeof square) => reshape(reduceMean(x, [0, 1, 2, 3]), []);
    return { loss: mean(mul(square, weight)), square: mean(square) };
  };
}

/** Latents of drawings and of their mirror images, scaled to unit standard deviation: rows [4,16,32]. Writes the measured scaling factor. */
async function encodeAll(data: readonly Landscape[]): Promise<Float32Array> {
  const { config, file, weights } = openCheckpoint(FOLDER).part("vae");
  const [count, size] = [10, 3 * DRAWING_HEIGHT * DRAWING_WIDTH];
  const graph = new Graph();
  const image = graph.input("image", [count, 3, DRAWING_HEIGHT, DRAWING_WIDTH]);
  graph.output("mean", vaeEncoder(config, checkpointParameters(graph, { file, weights }), image).mean);
  const session = await openSession(onnxBytes(graph), { device: "cpu", threads: 2 });
  const row = 4 * LATENT_HEIGHT * LATENT_WIDTH;
  const latents = new Float32Array(2 * data.length * row);
  const input = new Float32Array(count * size);
  for (let at = 0; at < 2 * data.length; at += count) {
    for (let k = 0; k < count; k++) {
      const drawing = data[(at + k) >> 1];
      const mirrored = (at + k) % 2 === 1;
      writeWhole(input, k * size, drawing, mirrored);
    }
    latents.set((await session.run({ image: { data: input, shape: image.shape } })).mean.data, at * row);
  }
  await session.release();
  let square = 0;
  for (const z of latents) square += z * z;
  const scalingFactor = 1 / Math.sqrt(square / latents.length);
  saveAutoencoder(readSafetensors(file), scalingFactor);
  console.log(`encoded ${2 * data.length} drawings, scaling factor ${scalingFactor.toFixed(5)}`);
  return latents.map((z) => z * scalingFactor);
}

/** Both halves of a drawing side by side: writeCrop takes squares. */
function writeWhole(out: Float32Array, offset: number, { pixels, width }: Landscape, mirrored: boolean): void {
  const plane = DRAWING_HEIGHT * DRAWING_WIDTH;
  for (let k = 0; k < plane; k++) {
    const x = k % DRAWING_WIDTH;
    const from = 3 * (k - x + (mirrored ? width - 1 - x : x));
    for (let c = 0; c < 3; c++) out[offset + c * plane + k] = pixels[from + c] / 127.5 - 1;
  }
}

function cropLatent(out: Float32Array, at: number, latents: Float32Array, index: number, left: number): void {
  for (let r = 0; r < 4 * WINDOW; r++) {
    const from = (index * 4 * LATENT_HEIGHT + r) * LATENT_WIDTH + left;
    out.set(latents.subarray(from, from + WINDOW), at + r * WINDOW);
  }
}

export async function diffusionTask(): Promise<Task> {
  const data = drawings(5000, SEEDS.diffusion);
  const latents = await encodeAll(data);
  const checkpoint = openCheckpoint(FOLDER);
  const tokenizer = checkpoint.tokenizer();
  const known = new Map<string, readonly number[]>();
  const encode = (text: string) => {
    const ids = known.get(text) ?? tokenizer.encode(text).ids;
    known.set(text, ids);
    return ids;
  };
  const { config, alphaBar } = createSchedule(checkpoint.scheduler());
  const vocabulary = vocabularySize();
  const draw = (rng: Rng) => {
    const clean = new Float32Array(COUNT * 4 * WINDOW * WINDOW);
    const [alpha, sigma, weight, timestep] = [0, 1, 2, 3].map(() => new Float32Array(COUNT));
    const ids = new Int32Array(COUNT * TOKENS);
    for (let n = 0; n < COUNT; n++) {
      const index = rng.below(2 * data.length);
      cropLatent(clean, n * 4 * WINDOW * WINDOW, latents, index, rng.below(LATENT_WIDTH - WINDOW + 1));
      ids.set(encode(rng.uniform() < DROPPED ? "" : caption(rng, data[index >> 1])), n * TOKENS);
      const t = Math.floor(((n + rng.uniform()) / COUNT) * config.trainTimesteps); // stratified over the batch
      const a = alphaBar[t];
      timestep[n] = t;
      alpha[n] = Math.sqrt(a);
      sigma[n] = Math.sqrt(1 - a);
      weight[n] = Math.min(1, WEIGHT_CAP * (1 - a)); // SNR + 1 = 1/(1 − ᾱ)
    }
    return { clean, alpha, sigma, weight, timestep, ids };
  };
  return {
    name: "diffusion",
    learningRate: 8e-4,
    weightDecay: 0.01,
    losses: [loss(vocabulary)],
    initial: initialParameter,
    batch(_, rng) {
      const { clean, alpha, sigma, weight, timestep, ids } = draw(rng);
      const shape = [COUNT, 4, WINDOW, WINDOW];
      const perRow = [COUNT, 1, 1, 1];
      return {
        loss: 0,
        feeds: {
          clean: { data: clean, shape },
          noise: randn(rng, shape),
          alpha: { data: alpha, shape: perRow },
          sigma: { data: sigma, shape: perRow },
          weight: { data: weight, shape: perRow },
          waves: timestepWaves(unetArchitecture(), timestep),
          ids: { data: ids, shape: [COUNT, TOKENS] },
        },
      };
    },
    save: saveDiffusion,
  };
}
