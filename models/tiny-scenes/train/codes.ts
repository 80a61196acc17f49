/**
 * @file Training the MS-VQGAN: absolute error of pixels and of their differences, the bundled perceptual distance, and the codebook loss. Codes that
 * no pixel of fresh drawings uses are replaced by features of theirs. One picture in eight is decoded from its coarse codes alone, so that these show
 * what is where without the fine ones.
 */
import type { Value } from "../../../kernel-lib/graph/graph.js";
import { abs, add, mul, sub } from "../../../kernel-lib/graph/ops/elementwise.js";
import { reduceMean } from "../../../kernel-lib/graph/ops/reduce.js";
import { concat, reshape, slice, split } from "../../../kernel-lib/graph/ops/shape.js";
import { msVqganDecode, msVqganEncode } from "../../../kernel-lib/nets/ms-vqgan.js";
import { checkpointParameters } from "../../../kernel-lib/nets/parameters.js";
import { perceptualDistance } from "../../../kernel-lib/nets/perceptual.js";
import { codebookLoss } from "../../../kernel-lib/nets/quantise.js";
import { perceptualFromFolder } from "../../../kernel-lib/pipelines/perceptual-part.js";
import { drawingStream, randomCrops, SEEDS } from "../../tiny-landscapes/train/drawings.js";
import { FOLDER, saveWith } from "../../tiny-landscapes/train/folder.js";
import type { LossGraph, Training } from "../../train/training.js";
import { initialParameter } from "../../train/training.js";
import { measureCodes } from "../check/codes.js";
import { firstStageArchitecture } from "./configs.js";
import { deadCodes } from "./dead-codes.js";
import { SCENES_CANDIDATE, saveFirstStage } from "./folder.js";

/** Rows of a micro-batch: pictures of 128². */
const COUNT = 4;
const SIDE = 128;
const EDGE_WEIGHT = 2;
/** A weight of 1 spoils colours; 0.15 lowers the distance by a third and costs 0.2 dB (measured on the plain autoencoder). */
const PERCEPTUAL_WEIGHT = 0.15;
/** Share of pictures that are decoded from their coarse codes alone. */
const COARSE_ALONE = 1 / 8;

const meanOf = (x: Value): Value => reshape(reduceMean(x, [...x.shape.keys()]), []);

const loss: LossGraph = (graph, p) => {
  const image = graph.input("image", [COUNT, 3, SIDE, SIDE]); // [-1,1]
  const config = firstStageArchitecture();
  const { scales, latent } = msVqganEncode(config, p, image);
  const [coarse, fine] = split(latent, 1, [config.codeChannels, config.codeChannels]);
  const kept = mul(fine, graph.input("fine", [COUNT, 1, 1, 1])); // where it is 0, the decoder gets the fine code nearest to 0
  const decoded = msVqganDecode(config, p, concat([coarse, kept], 1)).image;
  const codebook = scales.map(({ features, vectors }) => codebookLoss(features, vectors, config.loss)).reduce((a, b) => add(a, b));
  const error = sub(decoded, image);
  const across = (axis: number) => meanOf(abs(sub(slice(error, axis, 1, SIDE), slice(error, axis, 0, SIDE - 1))));
  const pixels = meanOf(abs(error));
  const edges = add(across(2), across(3));
  const net = perceptualFromFolder(FOLDER);
  const perceptual = meanOf(perceptualDistance(net.config, checkpointParameters(graph, net), decoded, image));
  const whole = add(add(pixels, mul(edges, EDGE_WEIGHT)), add(mul(perceptual, PERCEPTUAL_WEIGHT), codebook));
  return { loss: whole, pixels, edges, perceptual, codebook };
};

export const codesTraining = (): Training => ({
  name: "scenes-codes",
  seed: 7,
  learningRate: 1e-3,
  weightDecay: 0,
  averaging: 0.999,
  microBatches: 2,
  rows: COUNT,
  loss,
  feeder(_, lane) {
    const stream = drawingStream(SEEDS.codes, lane);
    return (rng) => {
      const { data, shape } = randomCrops(rng, stream(), COUNT, SIDE);
      const fine = Float32Array.from({ length: COUNT }, () => Number(rng.uniform() >= COARSE_ALONE));
      return { image: { data, shape }, fine: { data: fine, shape: [COUNT, 1, 1, 1] } };
    };
  },
  initial: initialParameter,
  revision: { every: 200, open: () => deadCodes(firstStageArchitecture()) },
  save: saveWith("scenes-codes", saveFirstStage, SCENES_CANDIDATE),
  measure: measureCodes,
});
