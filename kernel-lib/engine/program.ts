/** @file One function of a network, such as "decode", before it has a size. The engine makes plans, sessions and batches of it. */
import type { Shape, Tensor } from "../core/tensor.js";
import { Graph, type GraphOptions } from "../graph/graph.js";
import type { DeviceBuffer, Feed } from "./session.js";

/** What a graph may hold at once. Default: all activations. */
export type GraphMemory = Pick<GraphOptions, "checkpointing" | "scoreBytes">;

/**
 * A function of a network.
 * `Size` is what its graph's sizes follow from, without the rows of a call: numbers and words alone, for the engine names a plan by them.
 * `Rows` are the inputs whose first axis is the batch, `Shared` those that are whole in every call, `Out` the outputs, N rows each.
 */
export interface Program<Size extends object, Rows extends string, Shared extends string, Out extends string> {
  /** names the function in errors; no other program of an engine has it */
  readonly name: string;
  /** The graph of a call of `batch` rows. A program that has no use for `memory` ignores it. */
  graph(size: Size, batch: number, memory?: GraphMemory): Graph;
  /** for the compiler alone: never there */
  readonly types?: { readonly rows: Rows; readonly shared: Shared; readonly out: Out };
}

/** What a call is fed with. A shared input that the graph has no use for is left out. */
export type ProgramFeeds<Rows extends string, Shared extends string> = {
  readonly rows: Readonly<Record<Rows, Feed>>;
} & ([Shared] extends [never] ? { readonly shared?: undefined } : { readonly shared: Readonly<Record<Shared, Feed | DeviceBuffer>> });

/** What a call of a program gives: each output, N rows. */
export type ProgramResults<Out extends string> = Readonly<Record<Out, Tensor>>;

/** The name of a program's plan: its own and its size. */
export const planName = (name: string, size: object): string =>
  [
    name,
    ...Object.entries(size)
      .map(([key, value]) => `${key} ${value}`)
      .sort(),
  ].join(", ");

/** given -> sent, the same: run with results on the device, it puts a tensor there. */
export const SEND: Program<{ readonly shape: Shape }, "given", never, "sent"> = {
  name: "send",
  graph({ shape }) {
    const graph = new Graph();
    graph.output("sent", graph.input("given", shape));
    return graph;
  },
};
