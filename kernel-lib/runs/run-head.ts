/** @file What is known of a run before its first step. */
import { basename } from "node:path";
import type { JointModelConfig } from "../diffusion/joint-model.js";
import type { AnyRun } from "../methods/any-run.js";
import type { ResolvedEditOptions } from "../methods/edit/options.js";
import type { ResolvedOptions } from "../methods/joint/options.js";
import type { Family, MethodInfo, Series } from "../methods/method.js";
import { methodInfoNamed } from "../methods/methods.js";
import type { ResolvedPyramidOptions } from "../methods/pyramid/options.js";
import type { Adapters } from "../pipelines/adapters/with-adapters.js";
import { isAddress } from "../pipelines/serving/server-address.js";
import type { RunInfo, RunModel } from "./run-data.js";

/** What is known of a run before its first step. */
export interface RunHead {
  /** the method's name */
  readonly method: string;
  readonly title?: string;
  readonly series?: readonly Series[];
  /** default "panorama" */
  readonly family?: Family;
  /** `run.options` */
  readonly options: ResolvedOptions | ResolvedEditOptions | ResolvedPyramidOptions;
  readonly model: RunModel;
  readonly batch: RunInfo["batch"];
  /** pixels per latent pixel, `model.config.scaleFactor` */
  readonly scaleFactor: number;
}

/**
 * Makes the head of a run: `saveRun(dir, { ...runHead("multi", run, model), steps, result })`.
 * @param method a method, or its name
 * @param name the name or path that opened the model; default its folder's name, or its server's address
 * @throws RangeError for an unknown name
 */
export function runHead(
  method: string | MethodInfo,
  { options, batch }: Pick<AnyRun, "options" | "batch">,
  model: { readonly config: Pick<JointModelConfig, "scaleFactor" | "controlNets">; readonly path: string } & Partial<Adapters> &
    Omit<RunModel, "name" | "prediction" | "control" | "lora" | "embedding">,
  name: string = nameOf(model.path),
): RunHead {
  const { name: methodName, title, series, family } = typeof method === "string" ? methodInfoNamed(method) : method;
  const { device, precision, threads, digest, config } = model;
  const { scaleFactor, controlNets: control = [] } = config;
  const { loras = [], embeddings = [] } = model;
  const opened = {
    ...{ name, digest, device, precision, threads },
    ...(control.length > 0 && { control }),
    ...(loras.length > 0 && { lora: loras.map(({ file, scale, sha256 }) => ({ file, scale, sha256 })) }),
    ...(embeddings.length > 0 && { embedding: embeddings.map(({ file, word, sha256 }) => ({ file, word, sha256 })) }),
  };
  return { method: methodName, title, series, family, options, model: opened, batch, scaleFactor };
}

/** The name of a checkpoint's folder or file; the address itself of a model on another machine. */
const nameOf = (path: string): string => (isAddress(path) ? path : basename(path));
