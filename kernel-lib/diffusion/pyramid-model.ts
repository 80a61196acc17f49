/** @file What a method over a pyramid of codes needs of a model. Scales and stages are counted from the coarsest, 0. */
import type { JsonObject } from "../core/json.js";
import type { Tensor } from "../core/tensor.js";
import type { ScheduleConfig } from "./schedule.js";

/** What a pyramid method needs to know of a model. */
export interface PyramidModelConfig {
  /** channels of each stage, coarse first; the latent [N,C,h,w] has them one after the other, all at the finest resolution */
  readonly stageChannels: readonly number[];
  /** C: channels of the whole latent */
  readonly latentChannels: number;
  /** pixels per latent pixel of the finest stage */
  readonly scaleFactor: number;
  /** side of the square latent the network was trained on */
  readonly window: number;
  /** heights and widths of latents are multiples of it */
  readonly windowMultiple: number;
  /** "fine": every stage at the finest resolution; "own": each at half the resolution of the next finer one */
  readonly coarseAt: "fine" | "own";
  readonly schedule: ScheduleConfig;
  /** whether the network attends to a condition */
  readonly conditioned: boolean;
}

/** Options of `predictStageNoise`. */
export interface StageNoiseOptions {
  /** training timestep, 0..999 */
  readonly timestep: number;
  /** from 0, the coarsest */
  readonly stage: number;
  /** the condition's tokens, [1,T,D] or [N,T,D]; wanted where the model attends to one */
  readonly context?: Tensor;
  /** rows per network call; default as many as the memory that is free takes */
  readonly batch?: number;
}

/** The codes of pictures at one scale: rows of its codebook. */
export interface ScaleCodes {
  readonly data: Int32Array;
  /** [N,h,w] */
  readonly shape: readonly [number, number, number];
}

/** A picture as a pyramid. */
export interface PyramidEncoding {
  /** [N,C,h,w]: every scale's features at the finest resolution, coarse first, each multiplied by its scale factor; not quantised */
  readonly latent: Tensor;
  /** each scale's codes at its own resolution, coarse first */
  readonly codes: readonly ScaleCodes[];
}

/** A latent as a picture. */
export interface PyramidDecoding {
  /** [N,3,H,W], about [-1,1], not clamped */
  readonly image: Tensor;
  /** each scale's codes at the finest resolution, coarse first */
  readonly codes: readonly ScaleCodes[];
}

/** How the coarser stages scale and shift the norms of a stage's network, at one of its levels. */
export interface StageGates {
  /** [N,C,h,w]; a norm is multiplied by 1 + gamma */
  readonly gamma: Tensor;
  /** [N,C,h,w] */
  readonly beta: Tensor;
}

/** The numbers of a condition as its encoder reads them. */
export interface ConditionTokens {
  /** [N,T] int32 */
  readonly ids: { readonly data: Int32Array; readonly shape: readonly number[] };
  /** [N,T], 1 for a token, 0 for padding; wanted where the encoder masks padding, and only there */
  readonly keep?: Tensor;
}

/** The capabilities of a pyramid method's model. Batches of any size. */
export interface PyramidModel {
  readonly config: PyramidModelConfig;
  /** The noise of a stage's own channels: latent [N,C',h,w] with the channels of this and all coarser stages first -> [N,own,h,w]. */
  predictStageNoise(latent: Tensor, options: StageNoiseOptions): Promise<Tensor>;
  /** The condition's context, [N,T,D]. */
  encodeTokens(tokens: ConditionTokens): Promise<Tensor>;
  /** What the tokens mean: the model's condition/scene_tokens.json. */
  readonly tokenFile: { readonly file: string; readonly json: JsonObject };
  /** image [N,3,H,W] in [-1,1], H and W multiples of what the encoder halves */
  encode(image: Tensor, options?: { readonly batch?: number }): Promise<PyramidEncoding>;
  /** latent [N,C,h,w], scaled as sampled */
  decode(latent: Tensor, options?: { readonly batch?: number }): Promise<PyramidDecoding>;
  /** The latent with every scale's features replaced by their nearest codebook entries, [N,C,h,w]. */
  quantise(latent: Tensor): Promise<Tensor>;
  /** The gates of each level, finest first; none at stage 0 and in networks without a split. */
  gates(latent: Tensor, options: { readonly stage: number }): Promise<readonly StageGates[]>;
}
