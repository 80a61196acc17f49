/**
 * @file What every training of a U-Net shares: windows of encoded drawings with noise, and the error of v = alpha·eps − sigma·x0
 * (arXiv:2202.00512, appendix D): at high noise that is the picture itself, so a small network soon learns its large colours.
 */
import type { Rng } from "../../../kernel-lib/core/random.js";
import { randn } from "../../../kernel-lib/core/random.js";
import type { Schedule } from "../../../kernel-lib/diffusion/schedule.js";
import type { Feeds } from "../../../kernel-lib/engine/session.js";
import type { Graph, Value } from "../../../kernel-lib/graph/graph.js";
import { add, mul, sub } from "../../../kernel-lib/graph/ops/elementwise.js";
import { reduceMean } from "../../../kernel-lib/graph/ops/reduce.js";
import { reshape } from "../../../kernel-lib/graph/ops/shape.js";
import { type TimestepConfig, timestepEmbedding } from "../../../kernel-lib/nets/timestep-embedding.js";
import { LATENT_HEIGHT, LATENT_WIDTH } from "./latents.js";

/** Rows of a micro-batch. */
export const COUNT = 32;
const WINDOW = 16;
/** An error of x0 weighs SNR + 1 in the loss of v; capped, so that the lowest noise does not outweigh all else (as arXiv:2303.09556 caps it). */
const WEIGHT_CAP = 5;

/**
 * The loss of a network that predicts v.
 * @param predict noisy latents [N,4,16,16] and their timesteps' embeddings [N,C0] -> v [N,4,16,16]
 * @returns the weighted mean square of its error, which is trained, and the plain one
 */
export function velocityLoss(
  graph: Graph,
  { blockOutChannels: [width] }: TimestepConfig,
  predict: (noisy: Value, embedding: Value) => Value,
): { readonly loss: Value; readonly square: Value } {
  const perRow = [COUNT, 1, 1, 1];
  const [clean, noise] = ["clean", "noise"].map((name) => graph.input(name, [COUNT, 4, WINDOW, WINDOW]));
  const [alpha, sigma, weight] = ["alpha", "sigma", "weight"].map((name) => graph.input(name, perRow));
  const embedding = graph.input("timestepEmbedding", [COUNT, width]);
  const noisy = add(mul(clean, alpha), mul(noise, sigma)); // x_t
  const v = sub(mul(noise, alpha), mul(clean, sigma));
  const error = sub(predict(noisy, embedding), v);
  const square = mul(error, error);
  const mean = (x: Value) => reshape(reduceMean(x, [0, 1, 2, 3]), []);
  return { loss: mean(mul(square, weight)), square: mean(square) };
}

/**
 * What `velocityLoss` is fed with: random windows of encoded drawings, noise, and timesteps that are spread evenly over the batch.
 * @param latents rows [4,16,32]
 * @param each is told each row's drawing and where its window begins, in latent columns, and may draw from the same random stream
 */
export function noisyWindows(
  rng: Rng,
  latents: Float32Array,
  { config: { trainTimesteps }, alphaBar }: Schedule,
  unet: TimestepConfig,
  each?: (row: number, drawing: number, left: number) => void,
): Feeds {
  const count = latents.length / (4 * LATENT_HEIGHT * LATENT_WIDTH);
  const clean = new Float32Array(COUNT * 4 * WINDOW * WINDOW);
  const [alpha, sigma, weight, timestep] = [0, 1, 2, 3].map(() => new Float32Array(COUNT));
  for (let n = 0; n < COUNT; n++) {
    const index = rng.below(count);
    const left = rng.below(LATENT_WIDTH - WINDOW + 1);
    cropLatent(clean, n * 4 * WINDOW * WINDOW, latents, index, left);
    each?.(n, index, left);
    const t = Math.floor(((n + rng.uniform()) / COUNT) * trainTimesteps);
    const a = alphaBar[t];
    timestep[n] = t;
    alpha[n] = Math.sqrt(a);
    sigma[n] = Math.sqrt(1 - a);
    weight[n] = Math.min(1, WEIGHT_CAP * (1 - a)); // SNR + 1 = 1/(1 − ᾱ)
  }
  const perRow = [COUNT, 1, 1, 1];
  const shape = [COUNT, 4, WINDOW, WINDOW];
  return {
    clean: { data: clean, shape },
    noise: randn(rng, shape),
    alpha: { data: alpha, shape: perRow },
    sigma: { data: sigma, shape: perRow },
    weight: { data: weight, shape: perRow },
    timestepEmbedding: timestepEmbedding(unet, timestep),
  };
}

function cropLatent(out: Float32Array, at: number, latents: Float32Array, index: number, left: number): void {
  for (let r = 0; r < 4 * WINDOW; r++) {
    const from = (index * 4 * LATENT_HEIGHT + r) * LATENT_WIDTH + left;
    out.set(latents.subarray(from, from + WINDOW), at + r * WINDOW);
  }
}
