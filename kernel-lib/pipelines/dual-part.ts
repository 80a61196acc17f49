/** @file The dual encoder beside a checkpoint: dual/ in its folder. */
import { type DualEncoderConfig, dualEncoderConfig } from "../nets/dual-encoder.js";
import type { Part } from "../nets/parameters.js";
import { networkReader } from "./folder.js";
import type { PartReader } from "./pipeline.js";

/** Reads the part dual/ of a checkpoint. */
export const dualReader: PartReader<Part<DualEncoderConfig>> = {
  ...networkReader(dualEncoderConfig, ["model"]),
  fix: "pull or train one: the bundled tiny-landscapes has it, and docs/training.md says how to train one",
};
