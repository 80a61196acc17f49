/** @file The checkpoint that is measured: the bundled model, or one of random numbers where its weights are not there. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeRandomCheckpoint } from "./random-weights.mjs";

const BUNDLED = fileURLToPath(new URL("../models/tiny-landscapes", import.meta.url));
const WEIGHTS = [
  "unet/diffusion_pytorch_model.safetensors",
  "vae/diffusion_pytorch_model.safetensors",
  "text_encoder/model.safetensors",
  "perceptual/backbone.safetensors",
];

/**
 * @template T
 * @param {(checkpoint: { path: string, weights: "bundled" | "random" }) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withCheckpoint(use) {
  if (WEIGHTS.every((file) => existsSync(join(BUNDLED, file)))) return use({ path: BUNDLED, weights: "bundled" });
  const path = mkdtempSync(join(tmpdir(), "veduta-bench-"));
  try {
    writeRandomCheckpoint(path);
    return await use({ path, weights: "random" });
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

/** @param {"bundled" | "random"} weights */
export const modelNote = (weights) =>
  weights === "bundled" ? "bundled model" : "RANDOM weights of the bundled model's architecture: its own are not there";
