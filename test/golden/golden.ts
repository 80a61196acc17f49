/** @file Where the golden reference data lies, and how far two lists of numbers are apart. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readSafetensors } from "#kernel-lib/checkpoint/safetensors.js";
import type { Tensor } from "#kernel-lib/core/tensor.js";

/** The folder of reference data beside the checkout; absent on other machines. */
export const goldenFolder: string = fileURLToPath(new URL("../../../shared/golden/", import.meta.url));
export const goldenIsHere: boolean = existsSync(goldenFolder);
/** What a test's title says where the data is missing. */
export const unlessAbsent = (title: string): string => (goldenIsHere ? title : `${title} (skipped: no golden data beside the checkout)`);

/** A golden file's tensors by name; none where the folder is absent. */
export const readGolden = (path: string): Record<string, Tensor> => (goldenIsHere ? readSafetensors(goldenFolder + path) : {});

/** ‖got − want‖ / ‖want‖; NaN where the lengths differ. */
export function relativeL2(got: ArrayLike<number>, want: ArrayLike<number>): number {
  let [difference, norm] = [0, 0];
  for (let k = 0; k < want.length; k++) {
    difference += (got[k] - want[k]) ** 2;
    norm += want[k] ** 2;
  }
  return got.length === want.length ? Math.sqrt(difference / norm) : Number.NaN;
}

/** max |got − want| / std(want); NaN where the lengths differ. */
export function maxOverStd(got: ArrayLike<number>, want: ArrayLike<number>): number {
  let [sum, squares, worst] = [0, 0, got.length === want.length ? 0 : Number.NaN];
  for (let k = 0; k < want.length; k++) {
    sum += want[k];
    squares += want[k] ** 2;
    worst = Math.max(worst, Math.abs(got[k] - want[k]));
  }
  return worst / Math.sqrt(squares / want.length - (sum / want.length) ** 2);
}
