/**
 * @file What the GPU programs take from inside the library: devices, sessions, graphs and their operators, the graphs of a checkpoint's networks.
 * The only file of bench/gpu that imports from below dist/kernel-lib; the others use the package's own exports beside it.
 */

import { memoryOf, planner } from "#kernel-lib/engine/plan.js";
import { noiseProgram } from "#kernel-lib/nets/guided-denoiser.js";
import { perceptualGradientProgram } from "#kernel-lib/nets/perceptual-gradient.js";
import { decodeProgram } from "#kernel-lib/nets/vae.js";
import { openCheckpoint } from "#kernel-lib/pipelines/stable-diffusion-parts.js";

export { sizeOf } from "#kernel-lib/core/tensor.js";
export { DEVICE_CHOICES } from "#kernel-lib/engine/device.js";
export { openDevice } from "#kernel-lib/engine/devices.js";
export { startRuntime } from "#kernel-lib/engine/runtime.js";
export { flopsOf, flopsOfNode } from "#kernel-lib/graph/flops.js";
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
 * @typedef {import("#kernel-lib/graph/graph.js").Node} Node
 * @typedef {import("#kernel-lib/graph/graph.js").Value} Value
 * @typedef {import("veduta").Precision} Precision
 *
 * @typedef {object} GraphOptions
 * @property {number} batch windows per call
 * @property {number} [side] of the latent, default the U-Net's own
 * @property {Activations} [activations] default what the library plans
 */

/** Bytes of the GPU that is planned for. */
const H100 = 80 * 2 ** 30;

/** Whether the forward pass stores all activations for the gradient, or the backward pass computes most of them again. */
/** @typedef {"stored" | "checkpointed"} Activations */

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
  const parts = openCheckpoint(path);
  const [unet, vae] = [parts.part("unet"), parts.part("vae")];
  const network = /** @type {const} */ ({
    unet,
    prediction: parts.part("scheduler").prediction,
    precision,
    decoderPrecision: precision,
    embedding: "computed",
  });
  return {
    side: unet.config.sampleSize,
    textWidth: unet.config.crossAttentionDim,
    graph(kind, { batch, side = unet.config.sampleSize, activations }) {
      if (!KINDS.includes(kind)) throw new Error(`networkGraphs: got kind ${kind}, want ${KINDS.join(", ")}`);
      if (!(batch >= 1)) throw new Error(`networkGraphs: got ${batch} windows per call, want a whole number >= 1`);
      const window = { height: side, width: side };
      const guided = /** @type {const} */ ({ ...window, tokens: 77, texts: 2 });
      const build = {
        noise: () => graphOf(noiseProgram(network), guided, batch, activations),
        gradient: () => graphOf(perceptualGradientProgram(network, vae, parts.part("perceptual")), guided, batch, activations),
        decode: () => graphOf(decodeProgram(vae), /** @type {const} */ ({ ...window, edge: "open" }), batch, activations),
      };
      return build[kind]();
    },
  };
}

/**
 * @template {object} Size
 * @param {import("#kernel-lib/engine/plan.js").AnyProgram<Size>} program @param {Size} size
 * @param {number} batch @param {Activations} [activations]
 */
const graphOf = (program, size, batch, activations) =>
  activations === undefined
    ? planner(() => 0, { gpuBytes: H100 })(program, size).graph(batch)
    : program.graph(size, batch, { ...memoryOf(program.graph(size, 1), H100), checkpointing: activations === "checkpointed" });
