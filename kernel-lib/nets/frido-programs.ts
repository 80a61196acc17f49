/**
 * @file The programs of Frido: the noise of a stage, its gates, a condition's context, and pictures to and from a pyramid of codes. Latents are
 * scaled here: features times the scale factors of the config, [N,C,h,w], coarse first.
 */
import type { ScheduleConfig } from "../diffusion/schedule.js";
import type { Program } from "../engine/program.js";
import { Graph, type Value } from "../graph/graph.js";
import { inPrecision, type Precision } from "../graph/half.js";
import { cast, div, mul } from "../graph/ops/elementwise.js";
import { concat, slice, split } from "../graph/ops/shape.js";
import { fromOutput } from "./guided-denoiser.js";
import { msVqganDecode, msVqganEncode, msVqganQuantise } from "./ms-vqgan.js";
import type { MsVqganConfig } from "./ms-vqgan-config.js";
import { checkpointParameters, type Part } from "./parameters.js";
import { pyunet, pyunetGates } from "./pyunet.js";
import { type PyUNetConfig, pyunetTimesteps } from "./pyunet-config.js";
import { timestepInput } from "./timestep-embedding.js";
import { type TokenTransformerConfig, tokenTransformer } from "./token-transformer.js";
import type { LatentSize } from "./vae.js";

/** A PyU-Net that predicts noise, and what its output means. */
export interface PyramidNetwork {
  readonly unet: Part<PyUNetConfig>;
  /** of each stage, coarse first */
  readonly stageChannels: readonly number[];
  readonly prediction: ScheduleConfig["prediction"];
  /** of the U-Net's weights and activations; everything before and after it is in float32. Default "float32". */
  readonly precision?: Precision;
  /** whether the timestep embedding is computed in the graph or fed, for devices whose sines are poor; default "fed" */
  readonly embedding?: "computed" | "fed";
}

/** Of a stage's latent, in its own pixels, and of the condition. */
export interface StageSize {
  readonly height: number;
  readonly width: number;
  readonly stage: number;
  /** channels that the latent has */
  readonly channels: number;
  /** 0: the network attends to no condition */
  readonly tokens: number;
}

/** alpha and sigma [1]; and timestep [1] or its timestepEmbedding [1,M], as `PyramidNetwork.embedding` says. */
export type StageInput = "alpha" | "sigma" | "timestep" | "timestepEmbedding";

/** rows latent [N,channels,h,w] and, where the network attends to a condition, context [N,tokens,D] -> noise eps of the stage's own channels, [N,own,h,w], whatever the network predicts */
export const stageNoiseProgram = ({
  unet,
  stageChannels,
  prediction,
  precision = "float32",
  embedding: source = "fed",
}: PyramidNetwork): Program<StageSize, string, StageInput, "noise"> => ({
  name: "stageNoise",
  graph({ height, width, stage, channels, tokens }, batch, memory) {
    const graph = new Graph(memory);
    const { config } = unet;
    const p = checkpointParameters(graph, unet, precision);
    const latent = graph.input("latent", [batch, channels, height, width]);
    const context = config.transformer && cast(graph.input("context", [batch, tokens, config.transformer.contextDim]), precision);
    const embedding = cast(timestepInput(graph, pyunetTimesteps(config), source), precision); // [1,M]
    const level = { alpha: graph.input("alpha", [1]), sigma: graph.input("sigma", [1]) };
    const output = inPrecision(precision, [latent], ([x]) => pyunet(config, p, x, { embedding, context, stage }));
    const from = stageChannels.slice(0, stage).reduce((a, b) => a + b, 0);
    const own = (x: Value) => slice(x, 1, from, from + stageChannels[stage]);
    graph.output("noise", fromOutput[prediction].eps(own(latent), config.split ? output : own(output), level));
    return graph;
  },
});

/** latent [N,channels,h,w] -> gamma0, beta0, gamma1, …: the gates of each level, finest first, [N,C_level,h/2^level,w/2^level] */
export const gatesProgram = (unet: Part<PyUNetConfig>): Program<Omit<StageSize, "tokens">, "latent", never, string> => ({
  name: "gates",
  graph({ height, width, stage, channels }, batch) {
    const graph = new Graph();
    const latent = graph.input("latent", [batch, channels, height, width]);
    for (const [level, { gamma, beta }] of pyunetGates(unet.config, checkpointParameters(graph, unet), latent, stage).entries()) {
      graph.output(`gamma${level}`, gamma);
      graph.output(`beta${level}`, beta);
    }
    return graph;
  },
});

/** ids [N,T], and keep [N,T] where the encoder masks padding -> context [N,T,D] */
export const tokensProgram = (part: Part<TokenTransformerConfig>): Program<{ readonly tokens: number }, string, never, "context"> => ({
  name: "encodeTokens",
  graph({ tokens }, batch) {
    const graph = new Graph();
    const ids = graph.input("ids", [batch, tokens], "int32");
    const keep = part.config.mask ? graph.input("keep", [batch, tokens]) : undefined;
    graph.output("context", tokenTransformer(part.config, checkpointParameters(graph, part), ids, keep));
    return graph;
  },
});

/** image [N,3,H,W] -> latent [N,C,h,w], and codes0, codes1, … [N,h_s·w_s] at each scale's own resolution */
export const encodePyramidProgram = (part: Part<MsVqganConfig>): Program<LatentSize, "image", never, string> => ({
  name: "encode",
  graph({ height, width }, batch) {
    const graph = new Graph();
    const { config } = part;
    const side = pixelsPerLatent(config);
    const image = graph.input("image", [batch, config.imageChannels, side * height, side * width]);
    const { latent, scales } = msVqganEncode(config, checkpointParameters(graph, part), image);
    graph.output("latent", scaled(config, latent, mul));
    for (const [s, { codes }] of scales.entries()) graph.output(`codes${s}`, cast(codes, "float32"));
    return graph;
  },
});

/** latent [N,C,h,w] -> image [N,3,H,W], and codes0, codes1, … [N,h·w] at the finest resolution */
export const decodePyramidProgram = (part: Part<MsVqganConfig>): Program<LatentSize, "latent", never, string> => ({
  name: "decode",
  graph({ height, width }, batch) {
    const graph = new Graph();
    const { config } = part;
    const latent = graph.input("latent", [batch, config.codeChannels * config.codes.length, height, width]);
    const { image, codes } = msVqganDecode(config, checkpointParameters(graph, part), scaled(config, latent, div));
    graph.output("image", image);
    for (const [s, each] of codes.entries()) graph.output(`codes${s}`, cast(each, "float32"));
    return graph;
  },
});

/** latent [N,C,h,w] -> quantised [N,C,h,w]: each scale's features replaced by their nearest codebook entries */
export const quantiseProgram = (part: Part<MsVqganConfig>): Program<LatentSize, "latent", never, "quantised"> => ({
  name: "quantise",
  graph({ height, width }, batch) {
    const graph = new Graph();
    const { config } = part;
    const latent = graph.input("latent", [batch, config.codeChannels * config.codes.length, height, width]);
    const p = checkpointParameters(graph, part);
    graph.output("quantised", scaled(config, msVqganQuantise(config, p, scaled(config, latent, div)), mul));
    return graph;
  },
});

/** Pixels per pixel of the finest latent. */
export const pixelsPerLatent = ({ decoder }: MsVqganConfig): number => 2 ** (decoder.channels.length - 1);

/** Each scale's channels times, or divided by, its scale factor. */
function scaled({ scaleFactors, codeChannels }: MsVqganConfig, latent: Value, by: typeof mul): Value {
  if (scaleFactors.every((factor) => factor === 1)) return latent;
  const parts = split(latent, 1, Array<number>(scaleFactors.length).fill(codeChannels));
  return concat(
    parts.map((part, s) => by(part, scaleFactors[s])),
    1,
  );
}
