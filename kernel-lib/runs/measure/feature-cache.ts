/** @file Features beside the pictures that they are of, kept by content: a second measurement only reads them. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileExists } from "../../core/files.js";
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
 */
export function featureCache(dir: string, network: string): FeatureCache {
  const file = join(dir, FEATURES_DIR, `${network}.safetensors`);
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
      mkdirSync(join(dir, FEATURES_DIR), { recursive: true });
      writeSafetensors(file, Object.fromEntries(kept));
      fresh = 0;
    },
  };
}
