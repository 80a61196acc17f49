/**
 * @file Training the PyU-Net and the token transformer together, on scenes that are encoded once. A step trains both stages on the same rows, so that
 * their condition is encoded once. Teacher forcing: arXiv:2208.13753, section 3.2.
 */
import type { Feeds } from "../../../kernel-lib/engine/session.js";
import type { Graph, Value } from "../../../kernel-lib/graph/graph.js";
import { add, mul, sub } from "../../../kernel-lib/graph/ops/elementwise.js";
import { upsample2 } from "../../../kernel-lib/graph/ops/pool.js";
import { reduceMean } from "../../../kernel-lib/graph/ops/reduce.js";
import { concat, reshape } from "../../../kernel-lib/graph/ops/shape.js";
import { type Parameters, under } from "../../../kernel-lib/nets/parameters.js";
import { pyunet } from "../../../kernel-lib/nets/pyunet.js";
import { pyunetTimesteps } from "../../../kernel-lib/nets/pyunet-config.js";
import { tokenTransformer } from "../../../kernel-lib/nets/token-transformer.js";
import { saveWith } from "../../tiny-landscapes/train/folder.js";
import type { Feeder, LossGraph, SharedData, Training } from "../../train/training.js";
import { initialParameter } from "../../train/training.js";
import { measureLoss } from "../check/loss.js";
import { conditionArchitecture, TOKENS, unetArchitecture } from "./configs.js";
import { encodedScenes } from "./encoded-scenes.js";
import { SCENES_CANDIDATE, saveScenes } from "./folder.js";
import { COUNT, levels, type Rows, sceneBatch } from "./scene-batch.js";

/** How much noise the coarse stage gets where the fine one reads it. */
export const NOISE_MIX = 0.1;

/** The condition's context, [N,37,64], from the graph's inputs ids and keep. */
export function conditionContext(graph: Graph, p: Parameters): Value {
  const ids = graph.input("ids", [COUNT, TOKENS], "int32");
  return tokenTransformer(conditionArchitecture(), under(p, "condition"), ids, graph.input("keep", [COUNT, TOKENS]));
}

/** A map at its level, and what v = alpha·noise − sigma·map of it is; alpha and sigma [N,1,1,1]. */
export function noised(map: Value, noise: Value, alpha: Value, sigma: Value): { readonly noisy: Value; readonly v: Value } {
  return { noisy: add(mul(map, alpha), mul(noise, sigma)), v: sub(mul(noise, alpha), mul(map, sigma)) };
}

/** Means of the squared error, weighted by row and plain. */
export function squaredError(found: Value, v: Value, weight: Value): { readonly weighted: Value; readonly plain: Value } {
  const error = sub(found, v);
  const square = mul(error, error);
  const mean = (x: Value) => reshape(reduceMean(x, [0, 1, 2, 3]), []);
  return { weighted: mean(mul(square, weight)), plain: mean(square) };
}

/** What a stage reads, and the v of its own channels. */
interface StageInput {
  /** [N,4,8,8] of the coarse stage; [N,8,16,16] of the fine one, the coarse map before its own */
  readonly noisy: Value;
  readonly v: Value;
}

/**
 * The inputs of both stages: own channels at their level; of the fine stage also the coarse map, (1 − m)·map + m·noise, at its own resolution and
 * then scaled up, as a sampler hands it on.
 */
export function stageInputs(graph: Graph): readonly [StageInput, StageInput] {
  const [coarse, coarseNoise] = ["coarse", "coarseNoise"].map((name) => graph.input(name, [COUNT, 4, 8, 8]));
  const [fine, fineNoise] = ["fine", "fineNoise"].map((name) => graph.input(name, [COUNT, 4, 16, 16]));
  const level = (stage: 0 | 1) => ["alpha", "sigma"].map((name) => graph.input(`${name}${stage}`, [COUNT, 1, 1, 1]));
  const [[alpha0, sigma0], [alpha1, sigma1]] = [level(0), level(1)];
  const [first, second] = [noised(coarse, coarseNoise, alpha0, sigma0), noised(fine, fineNoise, alpha1, sigma1)];
  const mixed = add(mul(coarse, 1 - NOISE_MIX), mul(coarseNoise, NOISE_MIX)); // [N,4,8,8]
  return [first, { v: second.v, noisy: concat([upsample2(mixed), second.noisy], 1) }];
}

export const scenesLoss: LossGraph = (graph, p) => {
  const config = unetArchitecture();
  const context = conditionContext(graph, p);
  const [coarse, fine] = stageInputs(graph).map(({ noisy, v }, stage) => {
    const embedding = graph.input(`embedding${stage}`, [COUNT, config.modelChannels]);
    const found = pyunet(config, under(p, "unet"), noisy, { embedding, context, stage });
    return squaredError(found, v, graph.input(`weight${stage}`, [COUNT, 1, 1, 1]));
  });
  return { loss: add(coarse.weighted, fine.weighted), coarseSquare: coarse.plain, fineSquare: fine.plain };
};

/** The feeds of `scenesLoss`. */
export function stagesFeeder(shared: SharedData, rows: Rows): Feeder {
  const config = pyunetTimesteps(unetArchitecture());
  return (rng) => {
    const levelsOf = (stage: 0 | 1): Feeds =>
      Object.fromEntries(Object.entries(levels(rng, config)).map(([name, feed]) => [`${name}${stage}`, feed]));
    return { ...sceneBatch(rng, shared, rows), ...levelsOf(0), ...levelsOf(1) };
  };
}

/** The last layers of residual branches begin at zero, and so do the gates: a norm begins ungated. */
export const initialConditioned: Training["initial"] = (key, shape, rng) => {
  const data = initialParameter(key, shape, rng);
  return /out_layers\.3\.weight$|mlp_(gamma|beta)\.weight$|to_out\.weight$|net\.2\.weight$/.test(key) ? data.fill(0) : data;
};

export function scenesTraining(): Training {
  let shared: SharedData = {};
  return {
    name: "scenes",
    seed: 9,
    learningRate: 8e-4,
    weightDecay: 0.01,
    averaging: 0.9995,
    microBatches: 2,
    rows: COUNT,
    loss: scenesLoss,
    async prepare() {
      shared = await encodedScenes();
      return shared;
    },
    feeder: (data) => stagesFeeder(data, "trained"),
    initial: initialConditioned,
    save: saveWith("scenes", saveScenes, SCENES_CANDIDATE),
    measure: () => measureLoss(scenesLoss, SCENES_CANDIDATE, stagesFeeder(shared, "held out")),
  };
}
