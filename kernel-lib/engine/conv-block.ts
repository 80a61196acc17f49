/** @file Finds the block of ONNX Runtime's blocked convolutions on this processor. */
import { createRng, randn } from "../core/random.js";
import { Graph } from "../graph/graph.js";
import { onnxBytes } from "../graph/onnx.js";
import { conv } from "../graph/ops/conv.js";
import { openSession } from "./session.js";

/** 16 with AVX-512, 8 with AVX2 or NEON. */
const CANDIDATES = [16, 8] as const;
const CHANNELS = 32;
const TOLERANCE = 1e-3;

/**
 * The number of channels that ONNX Runtime's CPU kernels hold together, for `new Graph({ convBlock })`. A wrong block gives wrong numbers
 * without an error, so each candidate is compared with a plain convolution of the same numbers.
 * @returns undefined where no candidate agrees: use plain convolutions
 */
export async function probeConvBlock(): Promise<number | undefined> {
  const rng = createRng(1);
  const feeds = { x: randn(rng, [1, CHANNELS, 5, 5]), w: randn(rng, [CHANNELS, CHANNELS, 3, 3]) };
  const run = async (convBlock?: number) => {
    const graph = new Graph({ convBlock });
    const [x, w] = [graph.input("x", feeds.x.shape), graph.input("w", feeds.w.shape)];
    graph.output("y", conv(x, w, undefined, { padding: 1 }));
    const session = await openSession(onnxBytes(graph), { device: "cpu", threads: 1 });
    const { y } = await session.run(feeds);
    await session.release();
    return y.data;
  };
  const plain = await run();
  for (const block of CANDIDATES) {
    const blocked = await run(block).catch(() => undefined);
    if (blocked?.every((value, k) => Math.abs(value - plain[k]) < TOLERANCE)) return block;
  }
  return undefined;
}
