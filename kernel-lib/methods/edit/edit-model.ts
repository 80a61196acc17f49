/** @file What a method that edits pictures needs of a model. */
import type { Autoencoder, RowDenoiser, TextEncoder } from "../../diffusion/capabilities.js";
import type { JointModel, JointModelConfig } from "../../diffusion/joint-model.js";

/** A model that goes between pictures and latents. */
export interface PictureModel extends Autoencoder, Pick<JointModel, "batchSize" | "expectFits"> {
  readonly config: JointModelConfig;
}

/** A model that edits pictures by prompts. */
export interface EditModel extends PictureModel, RowDenoiser, TextEncoder {}
