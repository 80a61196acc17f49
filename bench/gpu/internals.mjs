/**
 * @file What the GPU programs take from inside the library: devices, sessions, graphs and their operators, the graphs of a checkpoint's networks.
 * The only file of bench/gpu that imports from below dist/kernel-lib; the others use the package's own exports beside it.
 */

import { planner } from "#kernel-lib/engine/plan.js";
import { decodeProgram, noiseProgram, perceptualGradientProgram } from "#kernel-lib/nets/programs.js";
import { checkedParts } from "#kernel-lib/pipelines/checked-parts.js";
import { openCheckpoint } from "#kernel-lib/pipelines/folder.js";

export { sizeOf } from "#kernel-lib/core/tensor.js";
export { DEVICE_CHOICES } from "#kernel-lib/engine/device.js";
export { openDevice } from "#kernel-lib/engine/devices.js";
export { startRuntime } from "#kernel-lib/engine/runtime.js";
export { Graph } from "#kernel-lib/graph/graph.js";
export { PRECISIONS } from "#kernel-lib/graph/half.js";
export { onnxBytes } from "#kernel-lib/graph/onnx.js";
export { conv } from "#kernel-lib/graph/ops/conv.js";
export { cast, mul } from "#kernel-lib/graph/ops/elementwise.js";
export { matmul } from "#kernel-lib/graph/ops/matmul.js";
export { reduceMean } from "#kernel-lib/graph/ops/reduce.js";
export { expand } from "#kernel-lib/graph/ops/shape.js";

/**
 * @typedef {import("#kernel-lib/graph/graph.js").Graph} NetworkGraph
 * @typedef {import("#kernel-lib/graph/graph.js").Keeps} Keeps
 * @typedef {import("#kernel-lib/graph/graph.js").Node} Node
 * @typedef {import("#kernel-lib/graph/graph.js").Value} Value
 * @typedef {import("veduta").Precision} Precision
 *
 * @typedef {object} GraphOptions
 * @property {number} batch windows per call
 * @property {number} [side] of the latent, default the U-Net's own
 * @property {Keeps} [keeps] which activations the forward pass stores for the gradient, default what the library plans
 * @property {number} [scoreBytes] bytes of attention scores that are stored at once where not all activations are, default the library's
 */

/** The network calls of a synchronised step: the guided noise, the perceptual gradient, the decoded image. */
const KINDS = /** @type {const} */ (["noise", "gradient", "decode"]);
/** @typedef {typeof KINDS[number]} Kind */

/**
 * The graphs of a checkpoint's networks as a CUDA device runs them. Only configs and shapes are read here.
 * @param {string} path the checkpoint's folder
 * @param {Precision} [precision] of the U-Net
 * @returns {{ readonly side: number, readonly textWidth: number, graph(kind: Kind, options: GraphOptions): NetworkGraph }}
 */
export function networkGraphs(path, precision = "float32") {
  const { unet, vae, prediction, perceptual } = checkedParts(openCheckpoint(path));
  const denoiser = /** @type {const} */ ({ unet, prediction, precision, waves: "computed" });
  return {
    side: unet.config.sampleSize,
    textWidth: unet.config.crossAttentionDim,
    graph(kind, { batch, side = unet.config.sampleSize, keeps, ...scores }) {
      if (!KINDS.includes(kind)) throw new Error(`networkGraphs: got kind ${kind}, want ${KINDS.join(", ")}`);
      if (!(batch >= 1)) throw new Error(`networkGraphs: got ${batch} windows per call, want a whole number >= 1`);
      const common = { height: side, width: side, tokens: 77, rows: 2, ...scores };
      const build = (/** @type {number} */ size, /** @type {Keeps} */ keeps) => {
        const shape = { ...common, batch: size, keeps };
        if (kind === "noise") return noiseProgram(denoiser, shape);
        if (kind === "decode") return decodeProgram(vae, { ...shape, edge: "open" });
        return perceptualGradientProgram({ ...denoiser, vae, perceptual: perceptual() }, shape);
      };
      return keeps === undefined ? planner(() => 0)(kind, build).graph(batch) : build(batch, keeps);
    },
  };
}
