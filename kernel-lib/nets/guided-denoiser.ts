/**
 * @file What a U-Net predicts under guidance, and what follows from it: noise, the image that a latent foresees, and the gradient of that
 * image's perceptual distance. Every number that changes from step to step (timestep, guidance, noise level) is an input, so one session serves
 * a whole run.
 */
import type { ScheduleConfig } from "../diffusion/schedule.js";
import type { Program } from "../engine/program.js";
import { gradient } from "../graph/gradient.js";
import { Graph, type Value } from "../graph/graph.js";
import { inPrecision, type Precision } from "../graph/half.js";
import { add, cast, div, mul, sub } from "../graph/ops/elementwise.js";
import { concat, expand, reshape, split } from "../graph/ops/shape.js";
import type { ControlNetConfig } from "./control-net.js";
import {
  type ControlRow,
  type ControlScale,
  type ControlSize,
  type ControlUse,
  controlInputs,
  controlResiduals,
  seesPromptAlone,
} from "./control-residuals.js";
import type { Part } from "./parameters.js";
import { checkpointParameters } from "./parameters.js";
import { timestepInput } from "./timestep-embedding.js";
import type { AttentionVariant } from "./transformer.js";
import { type UNetConfig, unet } from "./unet.js";
import { decoded, type VaeConfig } from "./vae.js";

/** A network that predicts noise, and what its output means. */
export interface DenoisingNetwork {
  readonly unet: Part<UNetConfig>;
  readonly prediction: ScheduleConfig["prediction"];
  /** of the U-Net's weights and activations; what lies between it and other networks is in float32. Default "float32". */
  readonly precision?: Precision;
  /** of the decoder where an image is foreseen, and in its gradient; default "float32" */
  readonly decoderPrecision?: Precision;
  /** whether the timestep embedding is computed in the graph or fed, for devices whose sines are poor; default "fed" */
  readonly embedding?: "computed" | "fed";
  /** those that a call may use; default none */
  readonly controlNets?: readonly Part<ControlNetConfig>[];
}

/** Of a latent, in latent pixels, and of the text; and the ControlNets in use. */
export interface GuidedSize extends ControlSize {
  readonly height: number;
  readonly width: number;
  readonly tokens: number;
  /** 2 (negative, then prompt) guide, 1 predicts without guidance */
  readonly texts: 1 | 2;
}

/** latent [N,c,h,w], and for each use of a ControlNet its condition of every row */
export type GuidedRow = "latent" | ControlRow;

/**
 * What all programs here take besides their rows: text [texts,tokens,D]; guidance, alpha and sigma [1]; timestep [1] or its
 * timestepEmbedding [1,C0], as `DenoisingNetwork.embedding` says; and for each use of a ControlNet its scale [1].
 */
export type GuidedInput = "text" | "guidance" | "alpha" | "sigma" | "timestep" | "timestepEmbedding" | ControlScale;

/** -> guided noise [N,c,h,w] */
export const noiseProgram = (network: DenoisingNetwork): Program<GuidedSize, GuidedRow, GuidedInput, "noise"> => ({
  name: "noise",
  graph(size, batch, memory) {
    const graph = new Graph(memory);
    const { latent, output, level } = guidedOutput(graph, network, size, batch);
    graph.output("noise", fromOutput[network.prediction].eps(latent, output, level));
    return graph;
  },
});

/**
 * Also takes cotangent [N,c,h,w] -> pulled [N,c,h,w], the gradient of Σ noise · cotangent with respect to the latent: Jᵀ · cotangent, where J is the
 * Jacobian of the guided noise.
 */
export const pullNoiseProgram = (network: DenoisingNetwork): Program<GuidedSize, GuidedRow | "cotangent", GuidedInput, "pulled"> => ({
  name: "pullNoise",
  graph(size, batch, memory) {
    const graph = new Graph(memory);
    const { latent, output, level } = guidedOutput(graph, network, size, batch);
    const noise = fromOutput[network.prediction].eps(latent, output, level); // [N,c,h,w]
    graph.output("pulled", gradient(graph, mul(noise, graph.input("cotangent", noise.shape)), latent));
    return graph;
  },
});

/** Of a latent, in latent pixels, and of each row's text. */
export type RowSize = Omit<GuidedSize, "texts" | keyof ControlSize>;

/** Rows with a text each, text [N,tokens,D]; no guidance -> noise [N,c,h,w] */
export const rowNoiseProgram = (
  network: DenoisingNetwork,
): Program<RowSize, "latent" | "text", Exclude<GuidedInput, "text" | "guidance" | ControlScale>, "noise"> => ({
  name: "rowNoise",
  graph({ height, width, tokens }, batch, memory) {
    const graph = new Graph(memory);
    const { config } = network.unet;
    const { predict, level } = prepared(graph, network);
    const latent = graph.input("latent", [batch, config.inChannels, height, width]);
    const output = predict(latent, graph.input("text", [batch, tokens, config.crossAttentionDim]));
    graph.output("noise", fromOutput[network.prediction].eps(latent, output, level));
    return graph;
  },
});

/** -> the image that each latent foresees, decode(x0), [N,3,f·h,f·w] */
export const foreseeProgram = (network: DenoisingNetwork, vae: Part<VaeConfig>): Program<GuidedSize, GuidedRow, GuidedInput, "image"> => ({
  name: "foresee",
  graph(size, batch, memory) {
    const graph = new Graph(memory);
    graph.output("image", foreseen(graph, network, vae, size, batch).image);
    return graph;
  },
});

/** The noise level of a call, each [1]. */
export interface LevelValues {
  readonly alpha: Value;
  readonly sigma: Value;
}

/** How the network predicts. */
export interface PredictOptions {
  /** how the network's layers attend; default: as it was trained */
  readonly attention?: AttentionVariant;
  /** the ControlNets in use; default none */
  readonly controls?: readonly ControlUse[];
}

/** The network as a function of latents and their texts, and the inputs that all rows share. */
export function prepared(graph: Graph, { unet: part, precision = "float32", embedding: source = "fed" }: DenoisingNetwork) {
  const { config } = part;
  const p = checkpointParameters(graph, part, precision);
  const embedding = cast(timestepInput(graph, config, source), precision); // [1,C0]
  const level: LevelValues = { alpha: graph.input("alpha", [1]), sigma: graph.input("sigma", [1]) };
  const predict = (x: Value, texts: Value, { attention, controls = [] }: PredictOptions = {}) =>
    inPrecision(precision, [x, texts, ...controls.map(({ image }) => image)], ([latent, text, ...images]) => {
      const uses = controls.map((use, k) => ({ ...use, image: images[k] }));
      const residuals = controlResiduals(uses, precision, { latent, embedding, text });
      return unet(config, p, latent, embedding, text, { attention, residuals });
    });
  return { level, predict };
}

/**
 * The network's output for [N] latents after guidance, one network call for both texts: negative + guidance · (prompt − negative).
 * The text is fed once and repeated inside.
 */
function guidedOutput(graph: Graph, network: DenoisingNetwork, size: GuidedSize, N: number) {
  const latent = graph.input("latent", [N, network.unet.config.inChannels, size.height, size.width]);
  return { latent, ...guidedAt(graph, network, latent, size) };
}

/** Of what latents a guided call is, beside its size. */
export interface GuidedLatents {
  /** how the network's layers attend; default: as it was trained */
  readonly attention?: AttentionVariant;
  /** the axes before a row's own as the call is fed; default [N] */
  readonly rows?: readonly number[];
}

/** The same of given latents [N,c,h,w], negative before prompt in the network's batch. */
export function guidedAt(
  graph: Graph,
  network: DenoisingNetwork,
  latent: Value,
  size: GuidedSize,
  { attention, rows = latent.shape.slice(0, 1) }: GuidedLatents = {},
): { readonly level: LevelValues; readonly output: Value } {
  const { tokens: T, texts } = size;
  const [N] = latent.shape;
  const D = network.unet.config.crossAttentionDim;
  const { level, predict } = prepared(graph, network);
  const flat = (image: Value) => (rows.length === 1 ? image : reshape(image, [N, ...image.shape.slice(rows.length)])); // [N,3,f·h,f·w]
  const uses = controlInputs(graph, network.controlNets ?? [], size, flat, rows);
  const text = graph.input("text", [texts, T, D]);
  if (texts === 1) return { level, output: predict(latent, expand(text, [N, T, D]), { attention, controls: uses }) };

  const guidance = graph.input("guidance", [1]);
  const repeated = reshape(expand(reshape(text, [2, 1, T, D]), [2, N, T, D]), [2 * N, T, D]);
  const controls = uses.map((use) => (seesPromptAlone(use) ? use : { ...use, image: concat([use.image, use.image], 0) }));
  const both = predict(concat([latent, latent], 0), repeated, { attention, controls }); // [2N,c,h,w]
  const [negative, prompt] = split(both, 0, [N, N]); // [N,c,h,w]
  return { level, output: add(negative, mul(guidance, sub(prompt, negative))) };
}

/** The image of each latent's x0, [N,3,f·h,f·w]. */
export function foreseen(graph: Graph, network: DenoisingNetwork, vae: Part<VaeConfig>, size: GuidedSize, batch: number) {
  const { latent, output, level } = guidedOutput(graph, network, size, batch);
  const x0 = fromOutput[network.prediction].x0(latent, output, level);
  return { latent, image: decoded(graph, vae, x0, "open", network.decoderPrecision) };
}

type FromOutput = (xt: Value, output: Value, level: LevelValues) => Value;

/** eps and x0 from a network's output, in the order of operations of diffusers' DDIM (0.15.1, scheduling_ddim.py, step 3). */
export const fromOutput = {
  epsilon: {
    eps: (_xt, output) => output,
    x0: (xt, output, { alpha, sigma }) => div(sub(xt, mul(sigma, output)), alpha),
  },
  v_prediction: {
    eps: (xt, output, { alpha, sigma }) => add(mul(alpha, output), mul(sigma, xt)),
    x0: (xt, output, { alpha, sigma }) => sub(mul(alpha, xt), mul(sigma, output)),
  },
  sample: {
    eps: (xt, output, { alpha, sigma }) => div(sub(xt, mul(alpha, output)), sigma),
    x0: (_xt, output) => output,
  },
} satisfies Record<DenoisingNetwork["prediction"], { readonly eps: FromOutput; readonly x0: FromOutput }>;
