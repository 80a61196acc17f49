/** @file How fast this machine multiplies matrices: what the time of a network can be estimated from. */
import { createRng, randn } from "../core/random.js";
import { Graph } from "../graph/graph.js";
import { onnxBytes } from "../graph/onnx.js";
import { matmul } from "../graph/ops/matmul.js";
import { openSession } from "./session.js";

/** Large enough for the processor's full rate, small enough for a product in milliseconds. */
const SIDE = 768;
const MICROSECONDS = 300_000;

/**
 * Operations per processor second of float32 products on one core: the fastest of those of 0.3 s. Processor seconds are the same whatever other programs
 * do, so that the rate of a machine is that of one core times its cores.
 */
export async function matrixRate(): Promise<number> {
  const rng = createRng(1);
  const feeds = { a: randn(rng, [SIDE, SIDE]), b: randn(rng, [SIDE, SIDE]) };
  const graph = new Graph();
  const [a, b] = [graph.input("a", feeds.a.shape), graph.input("b", feeds.b.shape)];
  graph.output("c", matmul(a, b));
  const session = await openSession(onnxBytes(graph), { device: "cpu", threads: 1 });
  let fastest = Number.POSITIVE_INFINITY; // microseconds
  for (let spent = 0; spent < MICROSECONDS; ) {
    const before = process.cpuUsage();
    await session.run(feeds);
    const { user, system } = process.cpuUsage(before);
    spent += user + system;
    fastest = Math.min(fastest, user + system);
  }
  await session.release();
  return (2 * SIDE ** 3 * 1e6) / fastest;
}
