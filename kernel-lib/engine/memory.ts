/** @file What a graph's run will need of memory, counted before it is loaded. */
import { freemem } from "node:os";
import { sizeOf } from "../core/tensor.js";
import type { DType, Graph } from "../graph/graph.js";

const BYTES: Readonly<Record<DType, number>> = { float32: 4, int32: 4, int64: 8, bool: 1, float16: 2, bfloat16: 2 };

function bytesOf(graph: Graph, name: string): number {
  const value = graph.values.get(name);
  return value ? sizeOf(value.shape) * BYTES[value.dtype] : 0;
}

/**
 * Peak bytes of live activations under the node order: a value lives from its producer to its last consumer. Weights and anything folded at
 * load time are excluded. Measured (U-Nets, decoders, gradients, 100 MiB to 3 GiB): 0.8 to 1.3 times the real peak, plus about 50 MiB.
 */
export function peakBytes(graph: Graph): number {
  const fixed = loadTime(graph);
  const nodes = graph.liveNodes().filter(({ outputs }) => !fixed.has(outputs[0]));
  const computed = new Set(nodes.flatMap((node) => node.outputs));
  const lastUse = new Map<string, number>();
  for (const [k, { inputs, outputs }] of nodes.entries()) for (const name of [...outputs, ...inputs]) lastUse.set(name, k);
  for (const { value } of graph.outputs) lastUse.set(value.name, nodes.length);

  let alive = graph.inputs.reduce((sum, { name }) => sum + bytesOf(graph, name), 0); // a run's feeds stay until its end
  let peak = alive;
  for (const [k, { inputs, outputs }] of nodes.entries()) {
    for (const name of outputs) alive += bytesOf(graph, name);
    peak = Math.max(peak, alive);
    for (const name of new Set([...inputs, ...outputs])) if (computed.has(name) && lastUse.get(name) === k) alive -= bytesOf(graph, name);
  }
  return peak;
}

/** Bytes of weights in files that a session of the graph loads. */
export const weightBytes = (graph: Graph): number =>
  graph.initializers.reduce((sum, { data }) => sum + (data instanceof Uint8Array ? 0 : data.length), 0);

/**
 * Bytes of weights in a session of the graph: those in files, and what is folded at load time (widened, transposed, flipped). What a provider
 * repacks besides, in the "blocked" layout (session.ts), is not counted.
 */
export function sessionBytes(graph: Graph): number {
  const fixed = loadTime(graph);
  const folded = new Set<string>(); // an intermediate of the folding is freed
  for (const { inputs, outputs } of graph.liveNodes())
    if (!fixed.has(outputs[0])) for (const name of inputs) if (fixed.has(name)) folded.add(name);
  return [...folded].reduce((sum, name) => sum + bytesOf(graph, name), weightBytes(graph));
}

/**
 * ONNX Runtime holds more than is alive, seemingly buffers for the next value of the same shape. On the CPU 2.8 times as much was measured in a U-Net of
 * 64×64 latents, 1.6 times in its gradient; on CUDA's provider 2.5 times in gradients of 1 to 8 windows (bench/gpu/dry-run).
 */
export const HELD_FOR_REUSE = { cpu: 2, gpu: 2.5 } as const;

/** Bytes that a session of the graph keeps on a GPU once it has run, until it is released: weights, and the arena of its activations. */
export const arenaBytes = (graph: Graph): number => sessionBytes(graph) + HELD_FOR_REUSE.gpu * peakBytes(graph);

/** What ONNX Runtime computes when it loads the graph: values that depend on initializers alone. */
function loadTime(graph: Graph): ReadonlySet<string> {
  const constant = new Set(["", ...graph.initializers.map(({ value }) => value.name)]);
  const fixed = new Set<string>();
  for (const { inputs, outputs } of graph.liveNodes())
    if (inputs.every((name) => constant.has(name) || fixed.has(name))) for (const name of outputs) fixed.add(name);
  return fixed;
}

/** Memory that new work may take, bytes: what the system and its limits leave. */
export const availableBytes = (): number => process.availableMemory?.() ?? freemem();
