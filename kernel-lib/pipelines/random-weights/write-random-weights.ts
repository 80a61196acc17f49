/** @file `writeRandomWeights`, and what it takes. What writes is loaded by the first call. */
import type { Architecture } from "./architectures.js";
import type { RandomWeights, RandomWeightsOptions } from "./random-folder.js";

export type { RandomWeights, RandomWeightsOptions };

/**
 * Writes the folder: beside `dir` first, under the name `dir` + ".partial", then renamed. Never more than a few MB are in memory.
 * @throws CheckpointError where `dir` holds something, or its disk has too little room; nothing was written then
 * @throws RangeError for an option that is none
 */
export async function writeRandomWeights(
  architecture: Architecture,
  dir: string,
  options: RandomWeightsOptions = {},
): Promise<RandomWeights> {
  return (await import("./random-folder.js")).writeRandomFolder(architecture, dir, options);
}
