/** @file Training the autoencoder: absolute error of pixels and of their differences, and a little KL so that the latent stays near a normal. */
import { randn } from "../../../kernel-lib/core/random.js";
import type { Value } from "../../../kernel-lib/graph/graph.js";
import { abs, add, exp, mul, sub } from "../../../kernel-lib/graph/ops/elementwise.js";
import { reduceMean } from "../../../kernel-lib/graph/ops/reduce.js";
import { reshape, slice } from "../../../kernel-lib/graph/ops/shape.js";
import { vaeDecoder, vaeEncoder } from "../../../kernel-lib/nets/vae.js";
import { vaeArchitecture } from "./configs.js";
import { drawings, randomCrops, SEEDS } from "./drawings.js";
import { saveAutoencoder } from "./folder.js";
import type { LossGraph, Task } from "./trainer.js";
import { initialParameter } from "./trainer.js";

/** Many small crops for edges, a few whole windows so that norms and attention know their real size. */
const BATCHES = [
  { count: 16, side: 64 },
  { count: 4, side: 128 },
] as const;
const KL_WEIGHT = 1e-4;

/** Mean over everything, as a scalar. */
const meanOf = (x: Value): Value => reshape(reduceMean(x, [...x.shape.keys()]), []);

function loss({ count, side }: (typeof BATCHES)[number]): LossGraph {
  return (graph, p) => {
    const config = vaeArchitecture();
    const image = graph.input("image", [count, 3, side, side]); // [-1,1]
    const noise = graph.input("noise", [count, 4, side / 8, side / 8]);
    const { mean, logVariance } = vaeEncoder(config, p, image);
    const variance = exp(logVariance);
    const latent = add(mean, mul(exp(mul(logVariance, 0.5)), noise));
    const error = sub(vaeDecoder(config, p, latent, "open"), image);
    const across = (axis: number) => meanOf(abs(sub(slice(error, axis, 1, side), slice(error, axis, 0, side - 1))));
    const pixels = meanOf(abs(error));
    const edges = add(across(2), across(3));
    const kl = mul(meanOf(sub(add(mul(mean, mean), variance), add(logVariance, 1))), 0.5);
    const square = meanOf(mul(error, error));
    return { loss: add(add(add(pixels, mul(edges, 0.5)), mul(kl, KL_WEIGHT)), square), pixels, square, kl };
  };
}

export function autoencoderTask(): Task {
  const data = drawings(3000, SEEDS.autoencoder);
  return {
    name: "autoencoder",
    learningRate: 1.5e-3,
    losses: BATCHES.map(loss),
    initial: initialParameter,
    batch(step, rng) {
      const which = step % 3 === 2 ? 1 : 0;
      const { count, side } = BATCHES[which];
      return { loss: which, feeds: { image: randomCrops(rng, data, count, side), noise: randn(rng, [count, 4, side / 8, side / 8]) } };
    },
    save: (average) => saveAutoencoder(average, 1),
  };
}
