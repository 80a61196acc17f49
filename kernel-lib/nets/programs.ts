/**
 * @file The graphs that a session runs: networks in a chain, for one static shape. Each takes [N] rows; every number that changes from
 * step to step (timestep, guidance, noise level) is an input, so that one session serves a whole run.
 */

import type { Shape } from "../core/tensor.js";
import type { ScheduleConfig } from "../diffusion/schedule.js";
import { gradient } from "../graph/gradient.js";
import { Graph, type Keeps, type Value } from "../graph/graph.js";
import { inPrecision, type Precision } from "../graph/half.js";
import { add, cast, clip, div, mul, sub } from "../graph/ops/elementwise.js";
import { concat, expand, reshape, split } from "../graph/ops/shape.js";
import type { ClipTextConfig } from "./clip-text.js";
import { clipText } from "./clip-text.js";
import type { Part } from "./parameters.js";
import { checkpointParameters } from "./parameters.js";
import type { PerceptualConfig } from "./perceptual.js";
import { perceptualDistance } from "./perceptual.js";
import { computedWaves } from "./timestep-waves.js";
import type { UNetConfig } from "./unet.js";
import { unet } from "./unet.js";
import type { VaeConfig } from "./vae.js";
import { vaeDecoder, vaeEncoder } from "./vae.js";

/** Rows and latent pixels; and what a gradient finds of the forward pass, default everything. */
export interface BatchShape {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly keeps?: Keeps;
}

export interface NoiseShape extends BatchShape {
  readonly tokens: number;
  /** rows of text: 2 (negative, then prompt) guide, 1 predicts without guidance */
  readonly rows: number;
}

/** A network that predicts noise, and what its output means. */
export interface Denoiser {
  readonly unet: Part<UNetConfig>;
  readonly prediction: ScheduleConfig["prediction"];
  /** of the U-Net's weights and activations; everything before and after it is in float32. Default "float32". */
  readonly precision?: Precision;
  /** "computed": sines and cosines of the timestep are nodes of the graph; default "fed": an input, for devices whose sines are poor */
  readonly waves?: "computed" | "fed";
}

/** ids [N,tokens] int32 -> text [N,tokens,D] */
export function textProgram(part: Part<ClipTextConfig>, { batch, tokens }: { readonly batch: number; readonly tokens: number }): Graph {
  const graph = new Graph();
  const { lastHiddenState } = clipText(part.config, checkpointParameters(graph, part), graph.input("ids", [batch, tokens], "int32"));
  graph.output("text", lastHiddenState);
  return graph;
}

/** latent [N,c,h,w], waves [1,C0] (the timestep's) or timestep [1], text [rows,tokens,D], guidance, alpha, sigma [1] -> guided noise [N,c,h,w] */
export function noiseProgram(denoiser: Denoiser, shape: NoiseShape): Graph {
  const graph = new Graph(shape);
  const { latent, output, level } = guidedOutput(graph, denoiser, shape);
  graph.output("noise", readings[denoiser.prediction].eps(latent, output, level));
  return graph;
}

/** The inputs of noiseProgram -> the image that each latent foresees, decode(x0), [N,3,f·h,f·w] */
export function foreseeProgram({ vae, ...denoiser }: Denoiser & { readonly vae: Part<VaeConfig> }, shape: NoiseShape): Graph {
  const graph = new Graph(shape);
  graph.output("image", foreseen(graph, denoiser, vae, shape).image);
  return graph;
}

/** given -> sent, the same: a session that leaves its results on the device puts it there */
export function sendProgram(shape: Shape): Graph {
  const graph = new Graph();
  graph.output("sent", graph.input("given", shape));
  return graph;
}

/** latent [N,c,h,w] (VAE latent × scaling factor) -> image [N,3,f·h,f·w] */
export function decodeProgram(
  vae: Part<VaeConfig>,
  { batch, height, width, keeps, edge }: BatchShape & { readonly edge: "open" | "wrap" },
): Graph {
  const graph = new Graph({ keeps });
  const latent = graph.input("latent", [batch, vae.config.latentChannels, height, width]);
  graph.output("image", decoded(graph, vae, latent, edge));
  return graph;
}

/** image [N,3,f·h,f·w] in [-1,1] -> latent [N,c,h,w]: the mean × scaling factor */
export function encodeProgram(vae: Part<VaeConfig>, { batch, height, width, keeps }: BatchShape): Graph {
  const graph = new Graph({ keeps });
  const side = 2 ** (vae.config.blockOutChannels.length - 1);
  const image = graph.input("image", [batch, 3, side * height, side * width]);
  graph.output("latent", mul(vaeEncoder(vae.config, checkpointParameters(graph, vae), image).mean, vae.config.scalingFactor));
  return graph;
}

/** image [N,3,H,W] and reference [1|N,3,H,W], both in [-1,1] -> distance [N]. Height and width in pixels here. */
export function distanceProgram(
  perceptual: Part<PerceptualConfig>,
  { batch, references, height, width }: BatchShape & { readonly references: number },
): Graph {
  const graph = new Graph();
  const image = graph.input("image", [batch, 3, height, width]);
  const reference = graph.input("reference", [references, 3, height, width]);
  graph.output("distance", perceptualDistance(perceptual.config, checkpointParameters(graph, perceptual), image, reference));
  return graph;
}

/**
 * The inputs of noiseProgram and anchor [1,3,H,W] -> loss [N] and gradient [N,c,h,w], the gradient of the sum of losses with respect to
 * the latent. A row's loss depends on its own latent alone, so this is every row's own gradient.
 *
 *   loss = distance(clamp(decode(x0)), clamp(anchor)),   x0 from the guided output
 */
export function perceptualGradientProgram(
  { vae, perceptual, ...denoiser }: Denoiser & { readonly vae: Part<VaeConfig>; readonly perceptual: Part<PerceptualConfig> },
  shape: NoiseShape,
): Graph {
  const graph = new Graph(shape);
  const { latent, image: unclamped } = foreseen(graph, denoiser, vae, shape);
  const image = clamped(unclamped); // [N,3,H,W]
  const anchor = clamped(graph.input("anchor", [1, ...image.shape.slice(1)]));
  const loss = perceptualDistance(perceptual.config, checkpointParameters(graph, perceptual), image, anchor); // [N]
  graph.output("loss", loss);
  graph.output("gradient", gradient(graph, loss, latent));
  return graph;
}

interface LevelValues {
  readonly alpha: Value;
  readonly sigma: Value;
}

/**
 * The network's output for [N] latents after guidance, one network call for both texts: negative + guidance · (prompt − negative).
 * The text is fed once and repeated inside.
 */
function guidedOutput(
  graph: Graph,
  { unet: part, precision = "float32", waves: source = "fed" }: Denoiser,
  { batch: N, height, width, tokens: T, rows }: NoiseShape,
) {
  const { config } = part;
  const p = checkpointParameters(graph, part, precision);
  const latent = graph.input("latent", [N, config.inChannels, height, width]);
  const given =
    source === "fed" ? graph.input("waves", [1, config.blockOutChannels[0]]) : computedWaves(config, graph.input("timestep", [1]));
  const waves = cast(given, precision); // [1,C0]
  const text = graph.input("text", [rows, T, config.crossAttentionDim]);
  const guidance = graph.input("guidance", [1]);
  const level: LevelValues = { alpha: graph.input("alpha", [1]), sigma: graph.input("sigma", [1]) };
  const predict = (x: Value, texts: Value) => inPrecision(precision, [x, texts], ([h, c]) => unet(config, p, h, waves, c));
  if (rows === 1) return { latent, level, output: predict(latent, expand(text, [N, T, config.crossAttentionDim])) };

  const texts = expand(reshape(text, [2, 1, T, config.crossAttentionDim]), [2, N, T, config.crossAttentionDim]);
  const both = predict(concat([latent, latent], 0), reshape(texts, [2 * N, T, config.crossAttentionDim])); // [2N,c,h,w]
  const [negative, prompt] = split(both, 0, [N, N]); // [N,c,h,w]
  return { latent, level, output: add(negative, mul(guidance, sub(prompt, negative))) };
}

/** The image of each latent's x0, [N,3,f·h,f·w]. */
function foreseen(graph: Graph, denoiser: Denoiser, vae: Part<VaeConfig>, shape: NoiseShape) {
  const { latent, output, level } = guidedOutput(graph, denoiser, shape);
  return { latent, image: decoded(graph, vae, readings[denoiser.prediction].x0(latent, output, level), "open") };
}

type Reading = (xt: Value, output: Value, level: LevelValues) => Value;

/** What a network's output says, in the order of operations of diffusers' DDIM (0.15.1, scheduling_ddim.py, step 3). */
const readings = {
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
} satisfies Record<Denoiser["prediction"], { readonly eps: Reading; readonly x0: Reading }>;

const decoded = (graph: Graph, vae: Part<VaeConfig>, latent: Value, edge: "open" | "wrap"): Value =>
  vaeDecoder(vae.config, checkpointParameters(graph, vae), mul(latent, 1 / vae.config.scalingFactor), edge);

/** To [0,1], clamped, and back to [-1,1]: the official order, which rounds differently from a clamp to [-1,1]. */
const clamped = (image: Value): Value => sub(mul(clip(add(mul(image, 0.5), 0.5), 0, 1), 2), 1);
