/** @file LPIPS, from the two places where its parts are published, into a perceptual/ folder that every checkpoint without one can use. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CheckpointError } from "../core/errors.js";
import { fileExists } from "../core/files.js";
import { replaceFileSync } from "../core/write-whole.js";
import { PERCEPTUAL_EPSILON } from "../nets/perceptual.js";
import { readTensor, writeSafetensors } from "../weights/safetensors.js";
import { openTorch } from "../weights/torch-file.js";
import { withFileLock } from "./file-lock.js";
import { hashFile } from "./hashing.js";
import { checkFile, ownFolder, PERCEPTUAL_FILES } from "./installed.js";
import type { LpipsModel } from "./manifest.js";
import { inside } from "./paths.js";
import { pin } from "./pins.js";
import { fetchWebFile } from "./pull-weights.js";
import type { Pulling } from "./pulling.js";

/** Pulls and converts an LPIPS model. @returns the folder that holds perceptual/ */
export async function pullLpips(model: LpipsModel, pulling: Pulling): Promise<string> {
  const { settings, pins, tell } = pulling;
  const folder = ownFolder(settings, model);
  mkdirSync(inside(settings.ownCache, "models", model.name, "perceptual"), { recursive: true });
  const keep = async (files: Readonly<Record<string, string>>) => pin(settings.ownCache, model.name, { files });
  const sources = [model.backbone, model.linear];
  const pull = async (): Promise<void> => {
    const files = PERCEPTUAL_FILES.map((path) => ({ path, file: inside(folder, path) }));
    const how = files.every(({ file }) => fileExists(file)) ? "kept" : "converted";
    if (how === "converted") {
      for (const source of sources) await keep({ [source.path]: await fetchWebFile(folder, source, pulling) });
      convert(model, folder);
    }
    for (const at of files) {
      await keep({ [at.path]: how === "kept" ? await checkFile(model, settings, pins, at) : (await hashFile(at.file)).sha256 });
      tell({ kind: "here", path: at.path, how });
    }
    for (const { path } of sources) rmSync(join(folder, path), { force: true }); // nine tenths of VGG16's are its classifier
  };
  await withFileLock(`${folder}.lock`, pull, () => tell({ kind: "waiting", path: model.name }));
  return folder;
}

/** The backbone's features and the linear weights, with their official names, as safetensors; the config last. */
function convert({ net, backbone, linear }: LpipsModel, folder: string): void {
  const read = (path: string, wanted: RegExp) => {
    const { tensors } = openTorch(join(folder, path));
    const kept = [...tensors].filter(([name]) => wanted.test(name));
    if (kept.length === 0)
      throw new CheckpointError(join(folder, path), {
        expected: `tensors like ${wanted.source}`,
        found: [...tensors.keys()].slice(0, 5).join(", "),
      });
    return Object.fromEntries(kept.map(([name, ref]) => [name, readTensor(ref)]));
  };
  writeSafetensors(join(folder, "perceptual/backbone.safetensors"), read(backbone.path, /^features\./));
  writeSafetensors(join(folder, "perceptual/linear.safetensors"), read(linear.path, /^lin\d+\.model\.1\.weight$/));
  const config = { _class_name: "PerceptualNetwork", net, epsilon: PERCEPTUAL_EPSILON };
  replaceFileSync(join(folder, "perceptual/config.json"), `${JSON.stringify(config, null, 2)}\n`);
}
