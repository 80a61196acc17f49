/** @file `openModel`, and what it takes. Networks, engine and hub are loaded when the first model is opened: `import "veduta"` does not wait for them. */
import { BUNDLED_MODELS } from "./bundled-models.js";
import type { Model } from "./model.js";
import type { OpenModelOptions } from "./open-checkpoint.js";
import type { ServedModel } from "./serving/server-address.js";

export type { OpenModelOptions, ServedModel };
export { BUNDLED_MODELS };

/**
 * Opens a checkpoint on this machine, or asks a server that holds one (`veduta serve`) under an address such as http://gpu:8000. A checkpoint is one that is bundled or has been pulled, by name or as OWNER/NAME of the hub; a folder in the layout of diffusers, whose model_index.json says which
 * pipeline opens it; or a single file of Stable Diffusion 1 or 2 (.safetensors, .ckpt), whose keys say what it is. The model is that pipeline's:
 * a `Model` for Stable Diffusion, `M` for a pipeline of one's own (registerPipeline).
 * @throws CheckpointError (file, expected, found) for an unknown name, or a folder whose files do not fit
 * @param model default VEDUTA_MODEL, else the first of BUNDLED_MODELS
 * @throws DeviceError for a device that is not there; RangeError for an option that is none, or that a server has chosen already; ServerError where a
 * server does not answer
 */
export async function openModel<M = Model>(model?: string | ServedModel, options: OpenModelOptions = {}): Promise<M> {
  return (await import("./open-checkpoint.js")).openCheckpoint<M>(model, options);
}
