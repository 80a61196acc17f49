/** @file The process that webgpu-race.ts starts: times a convolution on the CPU and on WebGPU. Arguments: threads, precision. */
import { reasonOf } from "../core/errors.js";
import { Graph } from "../graph/graph.js";
import type { Precision } from "../graph/half.js";
import { onnxBytes } from "../graph/onnx.js";
import { conv } from "../graph/ops/conv.js";
import { cast } from "../graph/ops/elementwise.js";
import { reduceSum } from "../graph/ops/reduce.js";
import type { Device } from "./device.js";
import { openSession } from "./session.js";
import type { Race } from "./webgpu-race.js";

/** Channels and side; 19 million and 1.2 billion products and sums. No GPU takes SLOW for the first: where one does, the second is not tried. */
const SIZES = [
  [32, 32],
  [128, 64],
] as const;
const SLOW = 100;

/** The fastest of three runs after a first, ms. What comes back is one number a channel. */
async function time(device: Device, precision: Precision, threads: number, [channels, side]: readonly [number, number]): Promise<number> {
  const graph = new Graph();
  const [x, w] = [
    [1, channels, side, side],
    [channels, channels, 3, 3],
  ].map((shape, k) => graph.input("xw"[k], shape));
  const y = conv(cast(x, precision), cast(w, precision), undefined, { padding: 1 });
  graph.output("y", reduceSum(cast(y, "float32"), [2, 3]));
  const session = await openSession(onnxBytes(graph), { device, threads });
  const feeds = Object.fromEntries(
    [x, w].map(({ name, shape }) => [name, { data: new Float32Array(shape.reduce((a, b) => a * b)).fill(0.01), shape }]),
  );
  const times: number[] = [];
  for (let run = 0; run < 4; run++) {
    const begun = performance.now();
    await session.run(feeds);
    if (run > 0) times.push(performance.now() - begun);
  }
  await session.release();
  return Math.min(...times);
}

async function race(threads: number, precision: Precision): Promise<Race> {
  let result: Race = { reason: "not run" };
  for (const size of SIZES) {
    const webgpu = await time("webgpu", precision, threads, size);
    result = { cpu: await time("cpu", "float32", threads, size), webgpu };
    if (webgpu > SLOW) break;
  }
  return result;
}

const [threads, precision] = process.argv.slice(2);
void race(Number(threads), precision as Precision)
  .catch((error: unknown): Race => ({ reason: reasonOf(error) }))
  .then((result) => process.send?.(result));
