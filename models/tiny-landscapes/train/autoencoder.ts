/**
 * @file Training the autoencoder: absolute error of pixels and of their differences, squared error, and a little KL so that the latent stays near a
 * normal. Whole windows and edges that weigh twice sharpen most (measured: docs/training.md).
 */
import { randn } from "../../../kernel-lib/core/random.js";
import type { Value } from "../../../kernel-lib/graph/graph.js";
import { abs, add, exp, mul, sub } from "../../../kernel-lib/graph/ops/elementwise.js";
import { reduceMean } from "../../../kernel-lib/graph/ops/reduce.js";
import { reshape, slice } from "../../../kernel-lib/graph/ops/shape.js";
import { vaeDecoder, vaeEncoder } from "../../../kernel-lib/nets/vae.js";
import type { LossGraph, Training } from "../../train/training.js";
import { initialParameter } from "../../train/training.js";
import { measureAutoencoder } from "../check/progress.js";
import { vaeArchitecture } from "./configs.js";
import { drawingStream, randomCrops, SEEDS } from "./drawings.js";
import { readShipped, saveAutoencoder, saveWith } from "./folder.js";

/** Rows of a micro-batch: windows of 128². */
const COUNT = 4;
const SIDE = 128;
const EDGE_WEIGHT = 2;
const KL_WEIGHT = 1e-4;

/** Mean over everything, as a scalar. */
const meanOf = (x: Value): Value => reshape(reduceMean(x, [...x.shape.keys()]), []);

const loss: LossGraph = (graph, p) => {
  const config = vaeArchitecture();
  const image = graph.input("image", [COUNT, 3, SIDE, SIDE]); // [-1,1]
  const noise = graph.input("noise", [COUNT, 4, SIDE / 8, SIDE / 8]);
  const { mean, logVariance } = vaeEncoder(config, p, image);
  const variance = exp(logVariance);
  const latent = add(mean, mul(exp(mul(logVariance, 0.5)), noise));
  const error = sub(vaeDecoder(config, p, latent, "open"), image);
  const across = (axis: number) => meanOf(abs(sub(slice(error, axis, 1, SIDE), slice(error, axis, 0, SIDE - 1))));
  const pixels = meanOf(abs(error));
  const edges = add(across(2), across(3));
  const kl = mul(meanOf(sub(add(mul(mean, mean), variance), add(logVariance, 1))), 0.5);
  const square = meanOf(mul(error, error));
  return { loss: add(add(add(pixels, mul(edges, EDGE_WEIGHT)), mul(kl, KL_WEIGHT)), square), pixels, edges, square, kl };
};

/** Goes on from the shipped autoencoder. */
export const autoencoderTraining = (): Training => ({
  name: "autoencoder",
  seed: 3,
  learningRate: 6e-4,
  weightDecay: 0,
  averaging: 0.999,
  microBatches: 2,
  rows: COUNT,
  loss,
  feeder(_, lane) {
    const stream = drawingStream(SEEDS.autoencoder, lane);
    return (rng) => ({ image: randomCrops(rng, stream(), COUNT, SIDE), noise: randn(rng, [COUNT, 4, SIDE / 8, SIDE / 8]) });
  },
  initial: initialParameter,
  start: () => readShipped("vae/diffusion_pytorch_model.safetensors"),
  save: saveWith("autoencoder", (folder, average) => saveAutoencoder(folder, average, 1)),
  measure: measureAutoencoder,
});
