/** @file Training a small VGG-like classifier of time, terrain and weather: the perceptual network, and the judge of what was painted. */

import type { Rng } from "../../../kernel-lib/core/random.js";
import type { Tensor } from "../../../kernel-lib/core/tensor.js";
import type { Value } from "../../../kernel-lib/graph/graph.js";
import { add, log, mul, neg } from "../../../kernel-lib/graph/ops/elementwise.js";
import { reduceMean, reduceSum, softmax } from "../../../kernel-lib/graph/ops/reduce.js";
import { reshape, split } from "../../../kernel-lib/graph/ops/shape.js";
import { classifierScores } from "../../../kernel-lib/nets/classifier.js";
import type { Parameters } from "../../../kernel-lib/nets/parameters.js";
import type { PerceptualConfig } from "../../../kernel-lib/nets/perceptual.js";
import type { LossGraph, Training } from "../../train/training.js";
import { initialParameter } from "../../train/training.js";
import { TERRAINS, TIMES, WEATHERS } from "../world/captions.js";
import type { Landscape } from "../world/landscape.js";
import { drawingStream, randomCrops } from "./drawings.js";

export const HEADS = [TIMES, TERRAINS, WEATHERS] as const;
const CLASSES = HEADS.reduce((n, names) => n + names.length, 0);
const COUNT = 16;
const SIDE = 128;

/** Scores of time, terrain and weather, [N,5], [N,6], [N,3], and the last feature map [N,C,h,w] that they are read from. image [N,3,H,W] in [-1,1]. */
export const classify = (config: PerceptualConfig, p: Parameters, image: Value): ReturnType<typeof classifierScores> =>
  classifierScores(
    config,
    p,
    image,
    HEADS.map((names) => names.length),
  );

/** Sum of the three cross-entropies. */
function loss(config: PerceptualConfig): LossGraph {
  return (graph, p) => {
    const image = graph.input("image", [COUNT, 3, SIDE, SIDE]);
    const labels = graph.input("labels", [COUNT, CLASSES]); // three ones a row
    const wanted = split(
      labels,
      1,
      HEADS.map((names) => names.length),
    );
    const entropies = classify(config, p, image).scores.map((scores, k) => {
      const correct = reduceSum(mul(softmax(scores), wanted[k]), [1]); // [N,1]
      return reshape(reduceMean(neg(log(add(correct, 1e-7))), [0, 1]), []);
    });
    const [time, terrain, weather] = entropies;
    return { loss: add(add(time, terrain), weather), time, terrain, weather };
  };
}

const labelsOf = ({ time, terrain, weather }: Landscape): number[] => [
  ...TIMES.map((name) => Number(name === time)),
  ...TERRAINS.map((name) => Number(name === terrain)),
  ...WEATHERS.map((name) => Number(name === weather)),
];

/** Noise and softening, so that features mean something on foreseen pictures too. */
export function roughen(rng: Rng, { data, shape }: Tensor): Tensor {
  const rough = data.slice();
  const plane = shape[2] * shape[3];
  for (let n = 0; n < shape[0]; n++) {
    const level = 0.15 * rng.uniform() ** 2;
    const soft = rng.uniform() < 0.5 ? 1 + rng.below(2) : 0;
    for (let c = 0; c < 3; c++)
      for (let round = 0; round < soft; round++) soften(rough.subarray((n * 3 + c) * plane, (n * 3 + c + 1) * plane), shape[3]);
    for (let k = n * 3 * plane; k < (n + 1) * 3 * plane; k++) rough[k] += level * rng.normal();
  }
  return { data: rough, shape };
}

/** Mean of a cross of five pixels, in place but for the rim. */
function soften(plane: Float32Array, width: number): void {
  const before = plane.slice();
  for (let k = width + 1; k < plane.length - width - 1; k++)
    plane[k] = (before[k] + before[k - 1] + before[k + 1] + before[k - width] + before[k + width]) / 5;
}

export interface ClassifierOptions {
  readonly name: string;
  readonly config: PerceptualConfig;
  /** of its first numbers and batches */
  readonly seed: number;
  /** of its drawings */
  readonly drawings: number;
  readonly save: Training["save"];
}

export const classifierTraining = ({ name, config, seed, drawings, save }: ClassifierOptions): Training => ({
  name,
  seed,
  learningRate: 2e-3,
  weightDecay: 0,
  averaging: 0.999,
  microBatches: 2,
  rows: COUNT,
  loss: loss(config),
  feeder(_, lane) {
    const stream = drawingStream(drawings, lane);
    return (rng) => {
      const crops = randomCrops(rng, stream(), COUNT, SIDE);
      return { image: roughen(rng, crops), labels: { data: Float32Array.from(crops.of.flatMap(labelsOf)), shape: [COUNT, CLASSES] } };
    };
  },
  initial: initialParameter,
  save,
});
