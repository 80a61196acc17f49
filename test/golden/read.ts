/** Golden files by their path in the folder, and the distance the sampling tests use. */
import { readSafetensors } from "#kernel-lib/checkpoint/safetensors.js";
import type { Tensor } from "#kernel-lib/core/tensor.js";
import { golden, has } from "./golden.js";

/** A golden file's tensors by name; none where the file is absent. */
export const readGolden = (path: string): Record<string, Tensor> => (has(path) ? readSafetensors(golden(path)) : {});

/** max |got − want| / std(want) */
export function maxOverStd(got: Float32Array, want: Float32Array): number {
  if (got.length !== want.length) throw new Error(`maxOverStd: got ${got.length} numbers, want ${want.length}`);
  let [sum, squares, worst] = [0, 0, 0];
  for (let k = 0; k < want.length; k++) {
    sum += want[k];
    squares += want[k] ** 2;
    worst = Math.max(worst, Math.abs(got[k] - want[k]));
  }
  return worst / Math.sqrt(squares / want.length - (sum / want.length) ** 2);
}
