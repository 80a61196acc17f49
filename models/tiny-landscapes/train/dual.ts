/**
 * @file Training the dual encoder: drawings and captions of one batch find each other by their cosine (InfoNCE, arXiv:2103.00020, figure 3). The
 * text encoder is the candidate's, and stays as it is.
 */
import type { Rng } from "../../../kernel-lib/core/random.js";
import type { Value } from "../../../kernel-lib/graph/graph.js";
import { add, mul } from "../../../kernel-lib/graph/ops/elementwise.js";
import { reduceMean, reduceSum } from "../../../kernel-lib/graph/ops/reduce.js";
import { reshape, transpose } from "../../../kernel-lib/graph/ops/shape.js";
import { crossEntropy } from "../../../kernel-lib/nets/classifier.js";
import { clipText } from "../../../kernel-lib/nets/clip-text.js";
import { dualLogits, imageVectors, textVectors } from "../../../kernel-lib/nets/dual-encoder.js";
import { checkpointParameters } from "../../../kernel-lib/nets/parameters.js";
import { openCheckpoint } from "../../../kernel-lib/pipelines/stable-diffusion-parts.js";
import type { Feeder, LossGraph, Training } from "../../train/training.js";
import { initialParameter } from "../../train/training.js";
import { measureDual } from "../check/dual.js";
import { caption, type Kind } from "../world/captions.js";
import { roughen } from "./classifier.js";
import { dualArchitecture } from "./configs.js";
import { drawingStream, randomCrops, SEEDS } from "./drawings.js";
import { CANDIDATE, saveDual, saveWith } from "./folder.js";

const COUNT = 64;
const SIDE = 128;
const TOKENS = 24;
/** 1/temperature at the beginning: CLIP's. */
const SCALE = 1 / 0.07;

/** Mean cross-entropy of each picture among the captions, and of each caption among the pictures. */
const loss: LossGraph = (graph, p) => {
  const config = dualArchitecture();
  const image = graph.input("image", [COUNT, 3, SIDE, SIDE]);
  const ids = graph.input("ids", [COUNT, TOKENS], "int32");
  const last = graph.input("last", [COUNT, TOKENS, 1]); // 1 at the token that ends the caption
  const targets = graph.input("targets", [COUNT, COUNT]); // rows sum to 1; symmetric
  const encoder = openCheckpoint(CANDIDATE).part("text_encoder");
  const text = clipText(encoder.config, checkpointParameters(graph, encoder), ids).lastHiddenState; // [N,24,64]
  const states = reshape(reduceSum(mul(text, last), [1]), [COUNT, config.hiddenSize]);
  const logits = dualLogits(p, imageVectors(config, p, image), textVectors(config, p, states)); // [N,N]
  const mean = (x: Value) => reshape(reduceMean(x, [0]), []);
  const [images, texts] = [logits, transpose(logits, [1, 0])].map((scores) => mean(crossEntropy(scores, targets)));
  return { loss: mul(add(images, texts), 0.5), images, texts };
};

export const dualTraining = (): Training => ({
  name: "dual",
  seed: 5,
  learningRate: 2e-3,
  weightDecay: 0,
  averaging: 0.99,
  microBatches: 2,
  rows: COUNT,
  loss,
  feeder: (_, lane) => pairFeeder(lane),
  initial: (key, shape, rng) => (key === "logit_scale" ? Float32Array.of(Math.log(SCALE)) : initialParameter(key, shape, rng)),
  save: saveWith("dual", saveDual),
  measure: () => measureDual(CANDIDATE),
});

/** Draws crops of drawings with a caption each. */
function pairFeeder(lane: number): Feeder {
  const tokenizer = openCheckpoint(CANDIDATE).part("tokenizer");
  const stream = drawingStream(SEEDS.dual, lane);
  return (rng: Rng) => {
    const crops = randomCrops(rng, stream(), COUNT, SIDE);
    const rows = crops.of.map((kind) => tokenizer.encode(caption(rng, kind)).ids);
    const last = new Float32Array(COUNT * TOKENS);
    for (const [n, ids] of rows.entries()) last[n * TOKENS + ids.indexOf(tokenizer.eosId)] = 1;
    return {
      image: roughen(rng, crops),
      ids: { data: Int32Array.from(rows.flatMap((ids) => [...ids])), shape: [COUNT, TOKENS] },
      last: { data: last, shape: [COUNT, TOKENS, 1] },
      targets: { data: targetsOf(crops.of), shape: [COUNT, COUNT] },
    };
  };
}

/**
 * Which captions are right for which pictures. A caption is drawn from its picture's kind alone, so that of any other picture of the same kind was
 * as likely: they share the target. In the mean over batches the gradient is InfoNCE's own, with less noise.
 */
export function targetsOf(kinds: readonly Kind[]): Float32Array {
  const names = kinds.map(({ time, terrain, weather }) => `${time} ${terrain} ${weather}`);
  const alike = names.map((name) => names.filter((other) => other === name).length);
  return Float32Array.from({ length: names.length ** 2 }, (_, k) => {
    const [a, b] = [Math.floor(k / names.length), k % names.length];
    return names[a] === names[b] ? 1 / alike[a] : 0;
  });
}
