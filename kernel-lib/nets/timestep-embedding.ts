/**
 * @file The sinusoidal timestep embedding. Source: diffusers 0.15.1, models/embeddings.py, get_timestep_embedding. On WebGPU it is computed here
 * and fed to the graph: WGSL bounds the error of sin and cos within [−π, π] alone, and a timestep's angles reach 1000.
 */

import type { Tensor } from "../core/tensor.js";
import type { Graph, Value } from "../graph/graph.js";
import { cos, mul, sin } from "../graph/ops/elementwise.js";
import { concat, reshape } from "../graph/ops/shape.js";

/** What the embedding needs of a U-Net's config. */
export interface TimestepConfig {
  /** its first entry is the embedding's width */
  readonly blockOutChannels: readonly number[];
  readonly flipSinToCos: boolean;
  readonly freqShift: number;
}

/** Geometrically spaced, in float32. */
function frequencies({ blockOutChannels: [width], freqShift }: TimestepConfig): Float32Array {
  const half = width / 2;
  // rounded to float32 where the official code does: near timestep 1000 an angle would be off by 6e-5 radians otherwise
  const exponent = (k: number) => Math.fround(Math.fround(Math.fround(-Math.log(10000)) * k) / (half - freqShift));
  return Float32Array.from({ length: half }, (_, k) => Math.exp(exponent(k)));
}

/** Sines and cosines of timesteps: N numbers -> [N,C0], C0 the width of the U-Net's first level. */
export function timestepEmbedding(config: TimestepConfig, timesteps: readonly number[] | Float32Array): Tensor {
  const all = frequencies(config);
  const [half, width] = [all.length, 2 * all.length];
  const [sinAt, cosAt] = config.flipSinToCos ? [half, 0] : [0, half];
  const data = new Float32Array(timesteps.length * width);
  for (const [n, t] of timesteps.entries())
    for (const [k, frequency] of all.entries()) {
      const angle = Math.fround(t * frequency);
      data[n * width + sinAt + k] = Math.sin(angle);
      data[n * width + cosAt + k] = Math.cos(angle);
    }
  return { data, shape: [timesteps.length, width] };
}

/** The same as nodes of the graph: timestep [N] -> [N,C0]. */
export function computedTimestepEmbedding(config: TimestepConfig, timestep: Value): Value {
  const all = frequencies(config);
  const angle = mul(reshape(timestep, [timestep.shape[0], 1]), timestep.graph.constant(all, [1, all.length])); // [N,C0/2]
  return concat(config.flipSinToCos ? [cos(angle), sin(angle)] : [sin(angle), cos(angle)], 1);
}

/** The embedding [1,C0] of a graph's one timestep: fed as `timestepEmbedding` [1,C0], or computed from `timestep` [1]. */
export const timestepInput = (graph: Graph, config: TimestepConfig, source: "computed" | "fed"): Value =>
  source === "fed"
    ? graph.input("timestepEmbedding", [1, config.blockOutChannels[0]])
    : computedTimestepEmbedding(config, graph.input("timestep", [1]));
