/** @file Training the baseline: the U-Net of tiny-landscapes over both scales of the same codes at once, with the same token transformer and conditions. */
import { randn } from "../../../kernel-lib/core/random.js";
import { upsample2 } from "../../../kernel-lib/graph/ops/pool.js";
import { concat } from "../../../kernel-lib/graph/ops/shape.js";
import { under } from "../../../kernel-lib/nets/parameters.js";
import { unet } from "../../../kernel-lib/nets/unet.js";
import { saveWith } from "../../tiny-landscapes/train/folder.js";
import type { Feeder, LossGraph, SharedData, Training } from "../../train/training.js";
import { measureLoss } from "../check/loss.js";
import { oneScaleArchitecture } from "./configs.js";
import { encodedScenes } from "./encoded-scenes.js";
import { ONE_SCALE_FOLDER, saveOneScale } from "./folder.js";
import { COUNT, levels, type Rows, sceneBatch } from "./scene-batch.js";
import { conditionContext, initialConditioned, noised, squaredError } from "./scenes.js";

export const oneScaleLoss: LossGraph = (graph, p) => {
  const config = oneScaleArchitecture();
  const [coarse, fine, fineNoise] = [8, 16, 16].map((side, k) => graph.input(["coarse", "fine", "fineNoise"][k], [COUNT, 4, side, side]));
  const coarseNoise = graph.input("coarseNoise", [COUNT, 4, 16, 16]);
  const [alpha, sigma, weight] = ["alpha", "sigma", "weight"].map((name) => graph.input(name, [COUNT, 1, 1, 1]));
  const embedding = graph.input("embedding", [COUNT, config.blockOutChannels[0]]);
  const latent = concat([upsample2(coarse), fine], 1); // [N,8,16,16]
  const { noisy, v } = noised(latent, concat([coarseNoise, fineNoise], 1), alpha, sigma);
  const { weighted, plain } = squaredError(unet(config, under(p, "unet"), noisy, embedding, conditionContext(graph, p)), v, weight);
  return { loss: weighted, square: plain };
};

function feeder(shared: SharedData, rows: Rows): Feeder {
  return (rng) => ({
    ...sceneBatch(rng, shared, rows),
    coarseNoise: randn(rng, [COUNT, 4, 16, 16]),
    ...levels(rng, oneScaleArchitecture()),
  });
}

export function oneScaleTraining(): Training {
  let shared: SharedData = {};
  return {
    name: "scenes-one",
    seed: 10,
    learningRate: 6e-4,
    weightDecay: 0.01,
    averaging: 0.9995,
    microBatches: 2,
    rows: COUNT,
    loss: oneScaleLoss,
    async prepare() {
      shared = await encodedScenes();
      return shared;
    },
    feeder: (data) => feeder(data, "trained"),
    initial: initialConditioned,
    save: saveWith("scenes-one", saveOneScale, ONE_SCALE_FOLDER),
    measure: () => measureLoss(oneScaleLoss, ONE_SCALE_FOLDER, feeder(shared, "held out")),
  };
}
