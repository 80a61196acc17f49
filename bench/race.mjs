/** @file Sessions timed against each other in this process. */
import { availableParallelism } from "node:os";
import { createRng, randn } from "#kernel-lib/core/random.js";
import { openSession } from "#kernel-lib/engine/session.js";
import { onnxBytes } from "#kernel-lib/graph/onnx.js";

export const THREADS = Math.min(2, availableParallelism());

/**
 * The fastest of several runs of each graph, the graphs in turn: what else the machine does meets all alike. Inputs are noise.
 * @param {readonly import("#kernel-lib/graph/graph.js").Graph[]} graphs
 * @param {number} rounds
 * @returns {Promise<number[]>} milliseconds
 */
export async function race(graphs, rounds) {
  const rng = createRng(2);
  const runners = [];
  for (const graph of graphs) {
    const session = await openSession(onnxBytes(graph), { device: "cpu", threads: THREADS });
    const feeds = Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, randn(rng, shape)]));
    runners.push({ session, feeds });
  }
  const fastest = graphs.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round <= rounds; round++)
    for (const [k, { session, feeds }] of runners.entries()) {
      const begun = performance.now();
      await session.run(feeds);
      if (round > 0) fastest[k] = Math.min(fastest[k], performance.now() - begun); // the first run only warms up
    }
  for (const { session } of runners) await session.release();
  return fastest;
}
