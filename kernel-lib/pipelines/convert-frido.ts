/** @file `convertFrido`, and what it takes. What reads the checkpoint is loaded by the first call. */
import type { ConvertedFrido, ConvertFridoOptions } from "./frido-ckpt.js";

export type { ConvertedFrido, ConvertFridoOptions };

/**
 * Converts a checkpoint. Everything is checked before anything is written: the configs, every key and shape of the networks, and that the YAML's
 * schedule is the checkpoint's. At most 4 MiB of weights are in memory.
 * @param ckpt of PyTorch Lightning  @param yaml its configuration  @param dir a new or empty folder
 * @throws CheckpointError naming file, what was expected and what was found; nothing is left half written
 */
export async function convertFrido(ckpt: string, yaml: string, dir: string, options: ConvertFridoOptions = {}): Promise<ConvertedFrido> {
  return (await import("./frido-ckpt.js")).convertFridoFiles(ckpt, yaml, dir, options);
}
