/** @file One published file of weights, into our cache as it is. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { fileExists } from "../core/files.js";
import { download } from "./download.js";
import { withFileLock } from "./file-lock.js";
import { checkFile, ownFolder } from "./installed.js";
import type { WebFile, WeightsModel } from "./manifest.js";
import { inside } from "./paths.js";
import { pin } from "./pins.js";
import type { Pulling } from "./pulling.js";

/** Pulls a file of weights. @returns the folder that holds it */
export async function pullWeights(model: WeightsModel, pulling: Pulling): Promise<string> {
  const { settings, pins, tell } = pulling;
  const folder = ownFolder(settings, model);
  const { path } = model.file;
  mkdirSync(inside(settings.ownCache, "models", model.name), { recursive: true });
  const pull = async (): Promise<void> => {
    const at = { path, file: inside(folder, path) };
    const kept = fileExists(at.file);
    const sha256 = kept ? await checkFile(model, settings, pins, at) : await fetchWebFile(folder, model.file, pulling);
    await pin(settings.ownCache, model.name, { files: { [path]: sha256 } });
    if (kept) tell({ kind: "here", path, how: "kept" });
  };
  await withFileLock(`${folder}.lock`, pull, () => tell({ kind: "waiting", path: model.name }));
  return folder;
}

/** Downloads a published file into a folder. @returns its sha256, which is the pinned one, else the manifest's */
export async function fetchWebFile(folder: string, { path, url, sha256 }: WebFile, { online, pins, tell }: Pulling): Promise<string> {
  const target = inside(folder, path);
  const found = await download(await online(path), {
    url,
    page: dirname(url),
    target,
    partial: inside(folder, `${path}.incomplete`),
    digest: { kind: "sha256", hex: pins.files[path] ?? sha256 },
    onBytes: (have, bytes) => tell({ kind: "bytes", path, have, bytes }),
  });
  tell({ kind: "here", path, how: "downloaded" });
  return found;
}
