/** @file Features beside the pictures that they are of, kept by content: a second measurement only reads them. */
import { accessSync, constants, mkdirSync } from "node:fs";
import { join } from "node:path";
import { CheckpointError } from "../../core/errors.js";
import { fileExists, systemReason } from "../../core/files.js";
import type { Tensor } from "../../core/tensor.js";
import { readSafetensors, writeSafetensors } from "../../weights/safetensors.js";

/** The folder's subfolder of features; deleting it loses nothing but time. */
export const FEATURES_DIR = ".veduta-features";

/** Features of one network in one folder. */
export interface FeatureCache {
  /** Those of a picture, computed where they are not kept. @param content its sha256 */
  of(content: string, compute: () => Promise<Tensor>): Promise<Tensor>;
  /** Writes what is new; the file is replaced whole. */
  save(): void;
}

/**
 * Opens the features of a network in a folder.
 * @param network its name and all that its features depend on, as a file name
 * @throws CheckpointError where the folder cannot be written: before anything is computed
 */
export function featureCache(dir: string, network: string): FeatureCache {
  const file = join(dir, FEATURES_DIR, `${network}.safetensors`);
  try {
    mkdirSync(join(dir, FEATURES_DIR), { recursive: true });
    accessSync(join(dir, FEATURES_DIR), constants.W_OK);
  } catch (error) {
    const fix = "measure a copy of it, or give the right to write";
    throw new CheckpointError(dir, { expected: "a folder in which features can be kept", found: systemReason(error), fix });
  }
  const kept = new Map<string, Tensor>(fileExists(file) ? Object.entries(readSafetensors(file)) : []);
  let fresh = 0;
  return {
    async of(content, compute) {
      const known = kept.get(content);
      if (known) return known;
      const computed = await compute();
      kept.set(content, computed);
      fresh++;
      return computed;
    },
    save() {
      if (fresh === 0) return;
      writeSafetensors(file, Object.fromEntries(kept));
      fresh = 0;
    },
  };
}
