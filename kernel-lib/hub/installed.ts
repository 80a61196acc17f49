/** @file What of a model is on this machine, found without a network: in the hub's cache, or in ours. */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { CheckpointError } from "../core/errors.js";
import { fileExists } from "../core/files.js";
import { type Digest, digestOfEtag, hashFile } from "./hashing.js";
import { type HubCache, hubCache } from "./hub-cache.js";
import type { HubModel, LpipsModel, ManifestModel, WeightsModel } from "./manifest.js";
import { inside } from "./paths.js";
import { differs, type Pins, pinsOf } from "./pins.js";
import type { HubSettings } from "./settings.js";

/** A file that belongs to a model. */
export interface ModelFile {
  /** Within the model's folder. */
  readonly path: string;
  /** Where it is, links followed, if it is there. */
  readonly file: string | undefined;
}

/** A model's files on this machine. */
export interface Installed {
  /** A diffusers folder; or one that holds perceptual/. */
  readonly folder: string;
  /** Every file that is there, or that is needed and is not. */
  readonly files: readonly ModelFile[];
  /** Whether all that is needed is there. */
  readonly complete: boolean;
}

/** What LPIPS is converted into: a checkpoint's perceptual/ folder. */
export const PERCEPTUAL_FILES = ["config.json", "backbone.safetensors", "linear.safetensors"].map((name) => `perceptual/${name}`);

/** The folder of a model that lies in our cache. */
export const ownFolder = (settings: HubSettings, { name }: LpipsModel | WeightsModel): string => join(settings.ownCache, "models", name);

/** The commit that a model is at: the one that was pulled first, else the one that Python's tools have. */
export function commitOf(model: HubModel, cache: HubCache, pins: Pins): string | undefined {
  return (pins.id === model.id ? pins.commit : undefined) ?? cache.commitOf(model.revision);
}

/** Finds a model's files. @throws CheckpointError where links lead out of the cache, or the lock file does not fit */
export function installed(model: ManifestModel, settings: HubSettings): Installed {
  const pins = pinsOf(settings.ownCache, model.name);
  if (model.kind !== "hub") {
    const folder = ownFolder(settings, model);
    const paths = model.kind === "lpips" ? PERCEPTUAL_FILES : [model.file.path];
    const files = paths.map((path) => ({ path, file: fileExists(inside(folder, path)) ? join(folder, path) : undefined }));
    return { folder, files, complete: files.every(({ file }) => file) };
  }
  const cache = hubCache(settings.hubCache, model.id);
  const commit = commitOf(model, cache, pins);
  const find = (path: string): ModelFile => ({ path, file: commit === undefined ? undefined : cache.file(commit, path) });
  const found = model.files.map(({ path, fp16 }) => [path, ...(fp16 ? [fp16] : [])].map(find)); // of each, any precision
  return {
    folder: commit === undefined ? cache.folder : cache.snapshot(commit),
    files: found.flatMap((choices) => (choices.some(({ file }) => file) ? choices.filter(({ file }) => file) : choices.slice(0, 1))),
    complete: found.every((choices) => choices.some(({ file }) => file)),
  };
}

/** The folder of a model that has been pulled. @throws CheckpointError that names the command which pulls it */
export function pulledFolder(model: ManifestModel, settings: HubSettings): string {
  const { folder, complete } = installed(model, settings);
  if (complete) return folder;
  throw new CheckpointError(model.name, {
    expected: `its files in ${folder}`,
    found: existsSync(folder) ? "only some of them" : "no such folder",
    fix: `run "veduta models pull ${model.name}"`,
  });
}

/** What a file must hash to: as when it was first pulled, else as the hub's cache names it. */
export function wanted(pins: Pins, { path, file }: ModelFile): Digest | undefined {
  const pinned = pins.files[path];
  return pinned ? { kind: "sha256", hex: pinned } : digestOfEtag(basename(file ?? ""));
}

/**
 * Hashes a file that is there and compares it.
 * @returns its sha256  @throws CheckpointError naming file, expected, found, and what to do
 */
export async function checkFile(
  model: ManifestModel,
  settings: HubSettings,
  pins: Pins,
  at: ModelFile & { readonly file: string },
): Promise<string> {
  const want = wanted(pins, at);
  const { fits, found, sha256 } = await hashFile(at.file, want);
  if (fits || !want) return sha256;
  const fix = `delete it and run "veduta models pull ${model.name}"`;
  if (pins.files[at.path]) throw differs(settings.ownCache, model.name, at.file, want.hex, found, fix);
  throw new CheckpointError(at.file, { expected: `the content that its name says, ${want.hex}`, found, fix });
}
