/** @file What a training is: its loss graphs, its batches, and how its parameters begin. The loop, the lanes and the queue know nothing else. */
import type { Rng } from "../../kernel-lib/core/random.js";
import type { Shape, Tensor } from "../../kernel-lib/core/tensor.js";
import { sizeOf } from "../../kernel-lib/core/tensor.js";
import type { Feeds } from "../../kernel-lib/engine/session.js";
import type { Graph, Value } from "../../kernel-lib/graph/graph.js";
import type { Parameters } from "../../kernel-lib/nets/parameters.js";

/** Builds the loss (a scalar) over trained parameters; every further scalar is logged by its name. */
export type LossGraph = (graph: Graph, parameters: Parameters) => { readonly loss: Value } & Readonly<Record<string, Value>>;

/** Draws the micro-batch of one network call. */
export type Feeder = (rng: Rng) => Feeds;

export type Weights = Readonly<Record<string, Tensor>>;

/** Arrays that every lane reads: the values are backed by shared memory. */
export type SharedData = Readonly<Record<string, Float32Array>>;

/** How long something was trained: what its model card says. */
export interface Seen {
  readonly steps: number;
  /** windows or crops */
  readonly rows: number;
  readonly hours: number;
}

/** New values for elements of a parameter, which its gradient has not brought about. */
export interface Replacement {
  /** of the parameter */
  readonly key: string;
  /** the first element that is replaced */
  readonly from: number;
  readonly values: Float32Array;
}

/**
 * Finds what to replace. It depends on the parameters and the random stream alone, so that a training which stops and goes on replaces the same.
 */
export interface Reviser {
  revise(parameters: Readonly<Record<string, Tensor>>, rng: Rng): Promise<readonly Replacement[]>;
  close(): Promise<void>;
}

/** A training's replacements. */
export interface Revision {
  /** steps from one to the next */
  readonly every: number;
  /** Called once, in the main thread, before the first step. */
  open(): Promise<Reviser>;
}

export interface Training {
  readonly name: string;
  readonly seed: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** the averaged parameters keep this share of themselves per step */
  readonly averaging: number;
  /** network calls per step; their gradients are averaged */
  readonly microBatches: number;
  /** rows of one call: what the log counts */
  readonly rows: number;
  readonly loss: LossGraph;
  /** Called once, before the lanes start: what takes long to make and is the same for every lane. */
  prepare?(): Promise<SharedData>;
  /** Called in each lane. `lane` seeds what a lane draws for itself. */
  feeder(shared: SharedData, lane: number): Feeder;
  initial(key: string, shape: Shape, rng: Rng): Float32Array;
  /** what is replaced without a gradient */
  readonly revision?: Revision;
  /** weights to go on from where there is no state */
  start?(): Weights | undefined;
  /** Writes the averaged parameters, and how they were trained, where the following trainings and `models:check` find them. */
  save(average: Weights, seen: Seen): void;
  /** What is measured every hour of what `save` wrote, by name. */
  measure?(): Promise<Readonly<Record<string, number>>>;
}

/** Trainings by name. */
export type TrainingTable = Readonly<Record<string, () => Training>>;

/** PyTorch's default for layers, ones for norms' gains, zeros for biases; the last layer of a residual branch begins at zero. */
export function initialParameter(key: string, shape: Shape, rng: Rng): Float32Array {
  const data = new Float32Array(sizeOf(shape));
  if (key.endsWith(".bias")) return data;
  if (shape.length === 1) return data.fill(1);
  if (/conv2\.weight$|proj_out\.weight$/.test(key)) return data;
  if (key.includes("embedding.weight")) return data.map(() => 0.1 * rng.normal());
  const bound = Math.sqrt((/features\./.test(key) ? 6 : 3) / sizeOf(shape.slice(1)));
  return data.map(() => (2 * rng.uniform() - 1) * bound);
}
