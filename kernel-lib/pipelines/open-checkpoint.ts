/** @file From a path or a name to a model (`openModel`): finds the checkpoint's folder and opens it with what its kind needs. */
import { availableParallelism } from "node:os";
import { CheckpointError } from "../core/errors.js";
import { PREDICTIONS, type Prediction } from "../diffusion/notation.js";
import { DEVICE_CHOICES, type DeviceChoice } from "../engine/device.js";
import { type Engine, type EngineOptions, openEngine } from "../engine/engine.js";
import { PRECISIONS, type Precision } from "../graph/half.js";
import { installed, pulledFolder } from "../hub/installed.js";
import { findModel, readManifest } from "../hub/manifest.js";
import { hubSettings } from "../hub/settings.js";
import type { Part } from "../nets/parameters.js";
import type { PerceptualConfig } from "../nets/perceptual.js";
import type { UNetConfig } from "../nets/unet.js";
import type { LoraChoice } from "./adapters/open-lora.js";
import type { EmbeddingChoice } from "./adapters/textual-inversion.js";
import { type AdaptedParts, withAdapters } from "./adapters/with-adapters.js";
import { BUNDLED_MODELS } from "./bundled-models.js";
import { openControlNet } from "./control-part.js";
import { modelEnvironment } from "./environment.js";
import { replacePart } from "./folder.js";
import type { Model } from "./model.js";
import { PERCEPTUAL_MODEL, type PerceptualFiles, perceptualFromFiles, perceptualFromFolder } from "./perceptual-part.js";
import type { OpenParts } from "./pipeline.js";
import { type AnyParts, type AnyPipeline, anyOf, anyParts } from "./pipelines.js";
import { partsOf, placeOf } from "./place.js";
import { isAddress, type ServedModel } from "./serving/server-address.js";
import { stableDiffusion } from "./stable-diffusion.js";
import type { StableDiffusionParts } from "./stable-diffusion-parts.js";

/** Options of `openModel`. */
export interface OpenModelOptions {
  /** default VEDUTA_DEVICE, else "auto": cuda where it works, else webgpu where it is faster than the cpu, else cpu; `notices` says which and why */
  readonly device?: DeviceChoice;
  /**
   * Of the U-Net's weights and activations; its norms, softmaxes and all that is outside of it are in float32. Default float16 on cuda, float32
   * elsewhere. On the cpu float16 is slower, and most of its arithmetic is in float32 all the same.
   */
  readonly precision?: Precision;
  /** threads of the cpu; default VEDUTA_THREADS, else all that the system lets this process use */
  readonly threads?: number;
  /** rows that one network call takes at most, where a call does not say; default VEDUTA_BATCH, else 8, or what the memory that is free takes */
  readonly batch?: number;
  /**
   * LPIPS, for a folder without perceptual/ or instead of its own: files with torchvision's and LPIPS's keys, or the name of a pulled one. Default
   * for a folder without: lpips-vgg, where it has been pulled
   */
  readonly perceptual?: PerceptualFiles | string;
  /**
   * What the U-Net of a single file predicts. Default: what the file's metadata say, else epsilon for Stable Diffusion 1; a file of Stable
   * Diffusion 2 without metadata needs it. A folder's scheduler says it, and the option is refused there.
   */
  readonly prediction?: Prediction;
  /**
   * ControlNets: each a folder in the layout of diffusers, a .safetensors or .pth file (diffusers' keys or those of lllyasviel's ControlNet), the name
   * of one that the checkpoint has in its folder control/, or OWNER/NAME of the hub. The option `control` of a joint method counts them from 0. Default: none
   */
  readonly control?: string | readonly string[];
  /**
   * LoRAs, each a file with the keys of kohya's trainers, diffusers or peft: `file`, `file:scale`, or { file, scale }. What several add is summed.
   * Default: none
   */
  readonly lora?: LoraChoice | readonly LoraChoice[];
  /**
   * Textual inversions, each a file: `file`, `file:word`, or { file, word }. Default: none. Without a word it answers to the file's own (diffusers), else
   * to the file's name (A1111)
   */
  readonly embedding?: EmbeddingChoice | readonly EmbeddingChoice[];
}

/** Opens a checkpoint on this machine, or asks a server for one; see `openModel`. */
export async function openCheckpoint<M = Model>(model: string | ServedModel | undefined, options: OpenModelOptions): Promise<M> {
  const pathOrName = model ?? modelEnvironment().model ?? BUNDLED_MODELS[0];
  if (typeof pathOrName === "object" || isAddress(pathOrName)) return (await openServed(pathOrName, options)) as M;
  const where = engineOptions(options);
  const { pipeline, parts } = checkedParts(pathOrName, options);
  const engine = await openEngine(where);
  try {
    return (await pipeline.open(parts, engine)) as M;
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** Options that a server has chosen for its model. */
const CHOSEN = ["device", "precision", "threads", "batch", "prediction", "perceptual", "control", "lora", "embedding"] as const;

/** A model on another machine. @throws RangeError for an option that its server has chosen */
async function openServed(model: string | ServedModel, options: OpenModelOptions): Promise<Model> {
  const { url, local } = typeof model === "string" ? { url: model, local: undefined } : model;
  const given = CHOSEN.find((name) => options[name] !== undefined && options[name] !== "auto");
  if (given) throw new RangeError(`${given}: the server of ${url} has chosen it; leave the option out`);
  const { openRemote } = await import("./serving/open-remote.js");
  return openRemote(url, {
    token: modelEnvironment().token,
    local,
    openLocal: local === undefined ? undefined : () => stableDiffusionParts(local, {}),
  });
}

/** The pipeline of a checkpoint, and its parts with what the options add to them, checked. @throws CheckpointError, RangeError as `openModel` */
export function checkedParts(
  pathOrName: string,
  options: Pick<OpenModelOptions, "prediction" | "perceptual" | "control" | "lora" | "embedding">,
): { readonly pipeline: AnyPipeline; readonly parts: AnyParts } {
  const { pipeline, own } = partsOf(placeOf(pathOrName), options.prediction);
  const perceptual = perceptualFor(pipeline, own, options.perceptual);
  const parts = adapted(
    withControl(perceptual ? replacePart(own, "perceptual", perceptual) : own, pipeline, options.control),
    pipeline,
    options,
  );
  pipeline.check?.(parts);
  return { pipeline, parts };
}

/** The parts of a checkpoint of Stable Diffusion. @throws CheckpointError for one of another kind */
export function stableDiffusionParts(pathOrName: string, options: Parameters<typeof checkedParts>[1]): OpenParts<StableDiffusionParts> {
  const { pipeline, parts } = checkedParts(pathOrName, options);
  if (pipeline !== anyOf(stableDiffusion))
    throw new CheckpointError(pathOrName, { expected: `a checkpoint of ${stableDiffusion.name}`, found: `one of ${pipeline.name}` });
  return parts as unknown as OpenParts<StableDiffusionParts>;
}

/** An engine for a network that is no checkpoint of its own. @throws DeviceError, RangeError as `openModel` */
export const openPlainEngine = (options: Pick<OpenModelOptions, "device" | "threads">): Promise<Engine> =>
  openEngine(engineOptions({ ...options, precision: "float32" }));

/** Where a model runs. @throws RangeError for an option that is none */
export function engineOptions({ precision, prediction, ...given }: OpenModelOptions): EngineOptions {
  const environment = modelEnvironment();
  const {
    device = environment.device ?? "auto",
    threads = environment.threads ?? availableParallelism(),
    batch = environment.batch,
  } = given;
  if (!DEVICE_CHOICES.includes(device)) throw new RangeError(`device ${device}: want ${DEVICE_CHOICES.join(", ")}`);
  if (precision !== undefined && !PRECISIONS.includes(precision))
    throw new RangeError(`precision ${precision}: want ${PRECISIONS.join(", ")}`);
  if (prediction !== undefined && !PREDICTIONS.includes(prediction))
    throw new RangeError(`prediction ${prediction}: want ${PREDICTIONS.join(", ")}`);
  if (!Number.isSafeInteger(threads) || threads < 1) throw new RangeError(`threads ${threads}: want a whole number >= 1`);
  if (batch !== undefined && (!Number.isSafeInteger(batch) || batch < 1)) throw new RangeError(`batch ${batch}: want a whole number >= 1`);
  return { device, precision, threads, mostRows: batch };
}

/** The parts with the ControlNets that are asked for. @throws RangeError for a pipeline that takes none */
function withControl(own: AnyParts, { name, parts }: AnyPipeline, control: OpenModelOptions["control"]): AnyParts {
  const names = listOf<string>(control);
  if (names.length === 0) return own;
  if (!("controlNets" in parts)) throw new RangeError(`control: ${name} takes no ControlNets; leave the option out`);
  const unet = own.part("unet") as Part<UNetConfig>;
  return replacePart(
    own,
    "controlNets",
    names.map((each) => openControlNet(each, { path: own.path, unet })),
  );
}

/** The parts with LoRAs and textual inversions. @throws RangeError for a pipeline that takes none */
function adapted(own: AnyParts, { name, parts }: AnyPipeline, { lora, embedding }: OpenModelOptions): AnyParts {
  const [loras, embeddings] = [listOf<LoraChoice>(lora), listOf<EmbeddingChoice>(embedding)];
  if (loras.length === 0 && embeddings.length === 0) return own;
  const wrong = loras.length > 0 ? "lora" : "embedding";
  if (!("adapters" in parts)) throw new RangeError(`${wrong}: ${name} takes no LoRAs and no textual inversions; leave the option out`);
  return anyParts(withAdapters(own as unknown as AdaptedParts, loras, embeddings));
}

const listOf = <T extends string | object>(given: T | readonly T[] | undefined): readonly T[] =>
  given === undefined ? [] : Array.isArray(given) ? given : [given as T];

/** LPIPS from files, or pulled; undefined where the folder's own is wanted, or none is asked for and the default has not been pulled. */
function perceptualFor(
  { name, parts }: AnyPipeline,
  { has }: { has(part: string): boolean },
  asked: PerceptualFiles | string | undefined,
): Part<PerceptualConfig> | undefined {
  if (!("perceptual" in parts)) {
    if (asked === undefined) return undefined;
    throw new RangeError(`perceptual: ${name} has no perceptual network; leave the option out`);
  }
  if (typeof asked === "object") return perceptualFromFiles(asked);
  if (asked === undefined && has("perceptual")) return undefined;
  const published = findModel(asked ?? PERCEPTUAL_MODEL);
  if (published?.kind !== "lpips") {
    const names = readManifest().filter(({ kind }) => kind === "lpips");
    throw new CheckpointError(`perceptual ${asked}`, { expected: names.map((each) => each.name).join(", "), found: "no such name" });
  }
  if (asked === undefined && !installed(published, hubSettings()).complete) return undefined;
  return perceptualFromFolder(pulledFolder(published, hubSettings()));
}
