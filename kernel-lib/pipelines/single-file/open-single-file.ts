/** @file A single file of Stable Diffusion becomes the parts that a diffusers folder has. Nothing is copied: weights stay where they lie. */
import { CheckpointError } from "../../core/errors.js";
import { once } from "../../core/once.js";
import type { Prediction } from "../../diffusion/notation.js";
import { clipTextConfig } from "../../nets/clip-text.js";
import { unetConfig } from "../../nets/unet.js";
import { vaeConfig } from "../../nets/vae.js";
import { loadTokenizer } from "../../text/tokenizer.js";
import { openTensors } from "../../weights/open-tensors.js";
import { perceptualReader } from "../perceptual-part.js";
import type { OpenParts } from "../pipeline.js";
import type { Architecture } from "../random-weights/architectures.js";
import { schedulerConfig } from "../scheduler-config.js";
import { textKeys, unetKeys, vaeKeys } from "../stable-diffusion-keys.js";
import type { StableDiffusionParts } from "../stable-diffusion-parts.js";
import { clipVocabulary, vocabularyDigest } from "./clip-vocabulary.js";
import { clipJson, openClipJson, publishedLike, unetJson, vaeJson } from "./configs.js";
import { recogniseSingleFile } from "./kinds.js";
import { mappedWeights, type SingleFile } from "./mapped-weights.js";
import { clipOriginal, openClipOriginal, PREFIX, unetOriginal, vaeOriginal } from "./original-keys.js";
import { predictionOf } from "./prediction.js";

/**
 * Opens a .safetensors or .ckpt that holds a whole Stable Diffusion 1 or 2. Sizes come from the tensors' shapes; schedule and sampler are those of
 * the published checkpoints, and the vocabulary lies beside the file or comes from a pulled model.
 * @param prediction counts before what the file's metadata say
 * @throws CheckpointError naming the kind of file where it is another one, and the first key that is missing or of another shape
 */
export function openSingleFile(file: string, prediction?: Prediction): OpenParts<StableDiffusionParts> {
  const { tensors, metadata } = openTensors(file);
  const single: SingleFile = { file, tensors, metadata };
  const generation = recogniseSingleFile(single);
  const predicts = predictionOf(single, generation, prediction);
  const published = publishedLike(generation, predicts);
  const { scheduler, padToken } = published;
  const vocabulary = once(() => clipVocabulary(file));
  const read: { readonly [Name in keyof StableDiffusionParts]: () => StableDiffusionParts[Name] } = {
    unet: once(() => {
      const config = unetConfig(file, unetJson(single, published));
      return { config, ...mappedWeights(single, unetKeys(config), unetOriginal(config)) };
    }),
    vae: once(() => {
      const config = vaeConfig(file, vaeJson(single, published));
      return { config, ...mappedWeights(single, vaeKeys(config), vaeOriginal(config)) };
    }),
    text_encoder: once(() => textEncoder(single, published)),
    tokenizer: once(() => loadTokenizer(vocabulary(), { padToken })),
    scheduler: once(() => schedulerConfig(file, { ...scheduler, prediction_type: predicts })),
    perceptual: () => absent(file, "perceptual network", perceptualReader.fix),
    dual: () => absent(file, "dual encoder"),
    controlNets: () => [],
    adapters: () => ({ loras: [], embeddings: [] }),
  };
  return {
    path: file,
    has: (name) => !GIVEN.includes(name) && name !== "perceptual" && name !== "dual",
    part: (name) => read[name](),
    settings: () => JSON.stringify({ prediction: predicts, padToken, vocabulary: vocabularyDigest(vocabulary()) }),
  };
}

/** What comes from openModel's options alone. */
const GIVEN: readonly string[] = ["controlNets", "adapters"] satisfies (keyof StableDiffusionParts)[];

function textEncoder(single: SingleFile, published: Architecture): StableDiffusionParts["text_encoder"] {
  const { file, tensors } = single;
  if ([...tensors.keys()].some((key) => key.startsWith(PREFIX.openClip))) {
    const config = clipTextConfig(file, openClipJson(single, published));
    return { config, ...mappedWeights(single, textKeys(config), openClipOriginal) };
  }
  // some merges lack the inner name
  const inner = tensors.has(`${PREFIX.clip}embeddings.token_embedding.weight`) ? "" : "text_model.";
  const config = clipTextConfig(file, clipJson(single, published, PREFIX.clip + inner));
  return { config, ...mappedWeights(single, textKeys(config), clipOriginal(inner)) };
}

function absent(file: string, what: string, fix?: string): never {
  throw new CheckpointError(file, { expected: `a ${what}`, found: "a single file of Stable Diffusion, which holds none", fix });
}
