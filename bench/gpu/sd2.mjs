/** @file A checkpoint of random numbers at the sizes of Stable Diffusion 2.0 base, in half precision: 2.6 GB. Argument: its folder. */
import { fileURLToPath } from "node:url";
import { ARCHITECTURES, writeRandomWeights } from "veduta";

/** Writes the checkpoint, in place of one that is there. @param {string} folder */
export const writeSd2 = (folder) => writeRandomWeights(ARCHITECTURES["sd2-base"], folder, { precision: "fp16", existing: "replace" });

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await writeSd2(process.argv[2]));
