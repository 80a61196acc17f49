/** @file What a checkpoint is, without opening it on a device: its kind, its networks, how it was trained, its licence and its card. */
import { dirname, join } from "node:path";
import { fileExists, readText } from "../core/files.js";
import { sizeOf } from "../core/tensor.js";
import type { Prediction } from "../diffusion/notation.js";
import { findModel } from "../hub/manifest.js";
import { repositoryName } from "../hub/repository-name.js";
import type { UNetConfig } from "../nets/unet.js";
import { openTensors } from "../weights/open-tensors.js";
import type { Weights } from "../weights/weights.js";
import { modelCard } from "./model-card.js";
import { partsOf, placeOf } from "./place.js";
import type { SchedulerPart } from "./scheduler-config.js";

/** A network of a checkpoint. */
export interface NetworkFacts {
  /** the part's name */
  readonly name: string;
  readonly parameters: number;
  readonly bytes: number;
  /** number formats of its tensors, as safetensors name them */
  readonly formats: readonly string[];
}

/** What is known of a checkpoint. */
export interface ModelFacts {
  /** the folder or file */
  readonly path: string;
  readonly layout: "a folder" | "a single file";
  /** the pipeline, in words */
  readonly kind: string;
  readonly networks: readonly NetworkFacts[];
  readonly prediction?: Prediction;
  /** the schedule of betas and the steps of its training */
  readonly schedule?: string;
  /** the sampler that its scheduler names */
  readonly sampler?: string;
  /** side of the square it was trained on, in latent pixels */
  readonly window?: number;
  readonly licences: readonly string[];
  /** the first words of its model card */
  readonly card?: string;
}

/**
 * Describes a checkpoint by what `openModel` takes.
 * @throws CheckpointError as `openModel`
 */
export function describeModel(pathOrName: string, prediction?: Prediction): ModelFacts {
  const path = placeOf(pathOrName);
  const { pipeline, own } = partsOf(path, prediction);
  const single = fileExists(path);
  // the tokenizer of a single file may not be pulled yet, and nothing is said of it
  const parts = Object.keys(pipeline.parts).filter((name) => name !== "tokenizer" && own.has(name));
  const networks = parts.flatMap((name) => {
    const part = own.part(name);
    return isNetwork(part) ? [factsOf(name, part)] : [];
  });
  const scheduler = own.has("scheduler") ? (own.part("scheduler") as SchedulerPart) : undefined;
  const unet = own.has("unet") ? (own.part("unet") as { readonly config: Partial<UNetConfig> }) : undefined;
  const { licences, card } = wordsOf(pathOrName, path, single);
  return {
    path,
    layout: single ? "a single file" : "a folder",
    kind: pipeline.name,
    networks,
    ...(scheduler && {
      prediction: scheduler.prediction,
      schedule: `${scheduler.betaSchedule} betas, ${scheduler.trainTimesteps} steps`,
      sampler: scheduler.sampler.name,
    }),
    ...(unet?.config.sampleSize !== undefined && { window: unet.config.sampleSize }),
    licences,
    ...(card !== undefined && { card }),
  };
}

const isNetwork = (part: unknown): part is Weights => typeof part === "object" && part !== null && "weights" in part;

function factsOf(name: string, { weights }: Weights): NetworkFacts {
  const refs = [...weights.values()];
  return {
    name,
    parameters: refs.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    bytes: refs.reduce((sum, { length }) => sum + length, 0),
    formats: [...new Set(refs.map(({ dtype }) => dtype))].sort(),
  };
}

/** The licence that the manifest, the card or a single file's metadata name, and the card's first words. */
function wordsOf(name: string, path: string, single: boolean): { readonly licences: readonly string[]; readonly card?: string } {
  const folder = single ? (repositoryName(name) ? dirname(path) : undefined) : path;
  const file = folder === undefined ? undefined : join(folder, "README.md");
  const card = file !== undefined && fileExists(file) ? modelCard(readText(file)) : undefined;
  const published = findModel(name)?.licences.map((licence) => licence.name) ?? [];
  const written = single ? openTensors(path).metadata["modelspec.license"] : undefined;
  const licences = [...published, ...[card?.licence, written].filter((each) => each !== undefined)];
  return { licences: [...new Set(licences)], ...(card?.words && { card: card.words }) };
}
