/** @file What a single file's U-Net predicts: the user says it, else the file's metadata, else its generation where only one is common. */
import { CheckpointError } from "../../core/errors.js";
import type { Prediction } from "../../diffusion/notation.js";
import type { Generation } from "./configs.js";
import type { SingleFile } from "./mapped-weights.js";

/** Spellings of `modelspec.prediction_type` (Stability-AI/ModelSpec). */
const SPELLINGS: Readonly<Record<string, Prediction>> = {
  epsilon: "epsilon",
  eps: "epsilon",
  v: "v_prediction",
  v_prediction: "v_prediction",
};

/**
 * The prediction type.
 * @param asked the option, which counts before the file's metadata
 * @throws CheckpointError for Stable Diffusion 2 where nothing says it: both are common, and the keys are the same
 */
export function predictionOf({ file, metadata }: SingleFile, generation: Generation, asked: Prediction | undefined): Prediction {
  const spelled = metadata["modelspec.prediction_type"]?.toLowerCase();
  const architecture = metadata["modelspec.architecture"] ?? ""; // stable-diffusion-v2-512, stable-diffusion-v2-768-v
  const told = spelled === undefined ? undefined : SPELLINGS[spelled];
  if (asked !== undefined) return asked;
  if (told !== undefined) return told;
  if (spelled !== undefined)
    throw new CheckpointError(file, {
      expected: `modelspec.prediction_type: ${Object.keys(SPELLINGS).join(", ")}`,
      found: JSON.stringify(spelled),
      fix: SAY_IT,
    });
  if (generation === 1) return "epsilon";
  if (/v2-768-v$/.test(architecture)) return "v_prediction";
  if (/v2-512$/.test(architecture)) return "epsilon";
  throw new CheckpointError(file, {
    expected: "metadata that say what Stable Diffusion 2 predicts (modelspec.prediction_type)",
    found: "none",
    fix: SAY_IT,
  });
}

const SAY_IT =
  'say --prediction epsilon (2.0 and 2.1 base, 512 px) or --prediction v_prediction (2.0 and 2.1, 768 px); in code { prediction: "…" }';
