/** Reference numbers of the official code (../shared/golden beside the repository, a small part of them in data/) and how they are compared. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const GOLDEN = resolve(import.meta.dirname, "../../../shared/golden");
const DATA = resolve(import.meta.dirname, "data");
export const hasGolden = existsSync(GOLDEN);
/** Titles of what is skipped say why. */
export const unlessGolden = hasGolden ? "" : " (skipped: ../shared/golden is not here)";

/** A reference file, from ../shared/golden or from the small set in the repository. */
export const golden = (path: string): string => [GOLDEN, DATA].map((root) => join(root, path)).find(existsSync) ?? join(GOLDEN, path);
export const has = (...paths: string[]): boolean => paths.every((path) => existsSync(golden(path)));
/** What a title adds when its test is skipped for want of these files. */
export const unless = (...paths: string[]): string => (has(...paths) ? "" : " (skipped: ../shared/golden is not here)");

/** ‖got − want‖ / ‖want‖ */
export function relativeL2(got: Float32Array, want: Float32Array): number {
  if (got.length !== want.length) throw new Error(`relativeL2: got ${got.length} numbers, want ${want.length}`);
  let [difference, norm] = [0, 0];
  for (let k = 0; k < want.length; k++) {
    difference += (got[k] - want[k]) ** 2;
    norm += want[k] ** 2;
  }
  return Math.sqrt(difference / norm);
}

/** The VGG16 of the golden runs, written once to a folder for temporary files: a formula, golden/lpips/hash-weights.mjs. */
export function goldenVgg(): string {
  const folder = join(tmpdir(), "veduta-golden");
  const file = join(folder, "vgg16-3001.safetensors");
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const partial = `${file}.${process.pid}`;
  execFileSync(process.execPath, [join(GOLDEN, "lpips/hash-weights.mjs"), "vgg16", "3001", partial]);
  renameSync(partial, file);
  return file;
}
