/** @file What is added to a network's weights when its graph is built. All numbers stay in their files. */
import type { TensorRef } from "./safetensors.js";

/**
 * A product of small matrices that is added to a weight: W + scale · up·down, of a linear layer W [out,in] or a convolution W [out,in,k,k].
 * Hu et al., LoRA, arXiv:2106.09685, section 4.1.
 */
export interface LowRankUpdate {
  readonly kind: "low rank";
  /** B, [out,r] */
  readonly up: TensorRef;
  /** A, [r,in·k·k]; with `core` [r,in] */
  readonly down: TensorRef;
  /** of a convolution, [r,r,k,k] between the two (LyCORIS's Tucker decomposition); absent where there is none */
  readonly core?: TensorRef;
  /** the user's scale, times alpha / r */
  readonly scale: number;
}

/** Rows that follow a table's own: the vectors of new tokens. */
export interface AppendedRows {
  readonly kind: "rows";
  /** [n,D] */
  readonly rows: TensorRef;
}

/** One change of a weight. */
export type WeightUpdate = LowRankUpdate | AppendedRows;

/** Changes by the weight's key, in the order in which they are made. */
export type WeightUpdates = ReadonlyMap<string, readonly WeightUpdate[]>;

/** The updates of both, those of `first` first. */
export function joinedUpdates(first: WeightUpdates = new Map(), second: WeightUpdates = new Map()): WeightUpdates {
  const joined = new Map(first);
  for (const [key, updates] of second) joined.set(key, [...(joined.get(key) ?? []), ...updates]);
  return joined;
}

/** The files' tensors that an update reads. */
export const refsOf = (update: WeightUpdate): readonly TensorRef[] =>
  update.kind === "rows" ? [update.rows] : [update.up, update.down, ...(update.core ? [update.core] : [])];
