/**
 * @file Golden: units/*.safetensors, single networks of diffusers 0.15.1 on small random checkpoints, as graphs of ours with what they are fed
 * and what they must give.
 * @typedef {object} Unit
 * @property {import("#kernel-lib/graph/graph.js").Graph} graph
 * @property {import("#kernel-lib/engine/session.js").Feeds} feeds
 * @property {Readonly<Record<string, Float32Array>>} want by output
 */

import { gradient } from "#kernel-lib/graph/gradient.js";
import { Graph } from "#kernel-lib/graph/graph.js";
import { inPrecision } from "#kernel-lib/graph/half.js";
import { cast, mul } from "#kernel-lib/graph/ops/elementwise.js";
import { clipText } from "#kernel-lib/nets/clip-text.js";
import { checkpointParameters } from "#kernel-lib/nets/parameters.js";
import { timestepEmbedding } from "#kernel-lib/nets/timestep-embedding.js";
import { unet } from "#kernel-lib/nets/unet.js";
import { vaeDecoder, vaeEncoder } from "#kernel-lib/nets/vae.js";
import { openCheckpoint } from "#kernel-lib/pipelines/stable-diffusion-parts.js";
import { golden, readGolden } from "./golden.mjs";

/** @param {string} checkpoint */
const parts = (checkpoint) => ({ folder: openCheckpoint(golden(checkpoint)), tensors: readGolden(`units/${checkpoint}.safetensors`) });

/** @param {Graph} graph @param {Readonly<Record<string, import("#kernel-lib/graph/graph.js").Value>>} outputs */
function give(graph, outputs) {
  for (const [name, value] of Object.entries(outputs)) graph.output(name, value);
}

/**
 * The prediction, and the gradients of the sum of its squares to sample and text.
 * @param {string} checkpoint
 * @param {string} unit "a", "b" or "c"
 * @param {{ readonly precision?: import("#kernel-lib/graph/half.js").Precision, readonly checkpointing?: boolean }} [how]
 * @returns {Unit}
 */
export function unetUnit(checkpoint, unit, { precision = "float32", checkpointing } = {}) {
  const { folder, tensors } = parts(checkpoint);
  const part = folder.part("unet");
  const [sample, context, timestep] = ["sample", "context", "timestep"].map((key) => tensors[`unet.${unit}.${key}`]);
  const embedding = timestepEmbedding(part.config, timestep.data);
  const graph = new Graph({ checkpointing, scoreBytes: 2 ** 18 });
  const inputs = [graph.input("x", sample.shape), graph.input("text", context.shape)];
  const time = cast(graph.input("embedding", embedding.shape), precision);
  const p = checkpointParameters(graph, part, precision);
  const out = inPrecision(precision, inputs, ([x, text]) => unet(part.config, p, x, time, text));
  const [dx, dtext] = gradient(graph, mul(out, out), inputs);
  give(graph, { out, dx, dtext });
  const want = (/** @type {string} */ name) => tensors[`unet.${unit}.${name}`].data;
  return {
    graph,
    feeds: { x: sample, embedding, text: context },
    want: { out: want("out"), dx: want("grad_sample"), dtext: want("grad_context") },
  };
}

/**
 * Mean and log variance of an image, a latent's image, and the gradient of the sum of its squares.
 * @param {string} checkpoint
 * @param {string} unit "a" or "b"
 * @returns {Unit}
 */
export function vaeUnit(checkpoint, unit) {
  const { folder, tensors } = parts(checkpoint);
  const part = folder.part("vae");
  const [image, z] = ["image", "z"].map((key) => tensors[`vae.${unit}.${key}`]);
  const graph = new Graph();
  const p = checkpointParameters(graph, part);
  const { mean, logVariance } = vaeEncoder(part.config, p, graph.input("x", image.shape));
  const latent = graph.input("z", z.shape);
  const decoded = vaeDecoder(part.config, p, latent, "open");
  give(graph, { mean, logVariance, decoded, dz: gradient(graph, mul(decoded, decoded), latent) });
  const want = (/** @type {string} */ name) => tensors[`vae.${unit}.${name}`].data;
  return {
    graph,
    feeds: { x: image, z },
    want: { mean: want("mean"), logVariance: want("logvar"), decoded: want("decoded"), dz: want("grad_z") },
  };
}

/** Every hidden state, and the last one normalised. @param {string} checkpoint @returns {Unit} */
export function textUnit(checkpoint) {
  const { folder, tensors } = parts(checkpoint);
  const part = folder.part("text_encoder");
  const ids = tensors["clip.input_ids"];
  const graph = new Graph();
  const { lastHiddenState, hiddenStates } = clipText(
    part.config,
    checkpointParameters(graph, part),
    graph.input("ids", ids.shape, "int32"),
  );
  const states = hiddenStates.map((state, k) => /** @type {const} */ ([`state${k}`, state]));
  give(graph, { last: lastHiddenState, ...Object.fromEntries(states) });
  const wanted = states.map(([name], k) => [name, tensors[`clip.hidden_states.${k}`].data]);
  return {
    graph,
    feeds: { ids: { data: Int32Array.from(ids.data), shape: ids.shape } },
    want: { last: tensors["clip.last_hidden_state"].data, ...Object.fromEntries(wanted) },
  };
}
