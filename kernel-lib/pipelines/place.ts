/** @file Where a checkpoint lies, by its path or name, and which pipeline its files belong to. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CheckpointError } from "../core/errors.js";
import { fileExists } from "../core/files.js";
import type { Prediction } from "../diffusion/notation.js";
import { cachedFolder, placeInSnapshot } from "../hub/cached-repositories.js";
import { snapshotIn } from "../hub/hub-cache.js";
import { pulledFolder } from "../hub/installed.js";
import { findModel, type ManifestModel, readManifest } from "../hub/manifest.js";
import { repositoryName } from "../hub/repository-name.js";
import { hubSettings } from "../hub/settings.js";
import { BUNDLED_MODELS } from "./bundled-models.js";
import { openParts, recognise } from "./folder.js";
import { type AnyParts, type AnyPipeline, anyOf, anyParts, pipelines } from "./pipelines.js";
import { openSingleFile } from "./single-file/open-single-file.js";
import { stableDiffusion } from "./stable-diffusion.js";

/** The pipeline of a folder or a single file, and its parts. @throws CheckpointError for a kind that is not supported; RangeError for a prediction of a folder */
export function partsOf(path: string, prediction: Prediction | undefined): { pipeline: AnyPipeline; own: AnyParts } {
  if (fileExists(path)) return { pipeline: anyOf(stableDiffusion), own: anyParts(openSingleFile(path, prediction)) };
  if (prediction !== undefined)
    throw new RangeError(`prediction ${prediction}: ${path} is a folder, whose scheduler says what it predicts; leave the option out`);
  const pipeline = recognise(path, pipelines());
  return { pipeline, own: openParts(path, pipeline) };
}

/** A bundled model's folder, from the package's root beside dist/; the folder or the file itself; or a pulled model's. @throws CheckpointError for an unknown name */
export function placeOf(pathOrName: string): string {
  if (BUNDLED_MODELS.includes(pathOrName)) return fileURLToPath(new URL(`../../../models/${pathOrName}`, import.meta.url));
  if (existsSync(pathOrName)) return snapshotIn(pathOrName) ?? pathOrName;
  const published = findModel(pathOrName);
  const paints = (model: ManifestModel) => model.kind === "hub" && model.use === "pictures";
  if (published && paints(published)) return pulledFolder(published, hubSettings());
  const repository = repositoryName(pathOrName);
  if (repository) return placeInSnapshot(cachedFolder(repository, hubSettings()));
  const names = readManifest().filter(paints);
  throw new CheckpointError(pathOrName, {
    expected: `a folder in the layout of diffusers, a single file, a bundled model (${BUNDLED_MODELS.join(", ")}) a pulled one (${names.map(({ name }) => name).join(", ")}) or OWNER/NAME of the hub`,
    found: "no such folder, file or name",
  });
}
