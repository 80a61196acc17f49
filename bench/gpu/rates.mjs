/** @file What a device can do: products and convolutions, and moving tensors to it and back. */
import { cast, conv, expand, flopsOf, Graph, matmul, mul, reduceMean, startRuntime } from "./internals.mjs";

/** One after the other in a run, so that starting it and fetching its result do not count. */
const CHAIN = 8;

/**
 * @typedef {import("./parity.mjs").Where} Where
 * @typedef {import("./internals.mjs").Value} Value
 */

/** Products of n×n matrices; every number is 1/n, before and after. @param {Where} where @param {number} n */
function products({ precision }, n) {
  const graph = new Graph();
  const [u, v] = [graph.input("u", [n, 1]), graph.input("v", [1, n])];
  const matrix = cast(mul(u, v), precision); // [n,n], made on the device
  let y = matrix;
  for (let k = 0; k < CHAIN; k++) y = matmul(y, matrix);
  return finished(graph, y, { u: [n, 1, 1 / n], v: [1, n, 1] });
}

/** Convolutions of 320 channels at 64×64, the uppermost of Stable Diffusion's. @param {Where} where @param {number} channels */
function convolutions({ precision }, channels) {
  const graph = new Graph();
  const [u, v] = [graph.input("u", [channels, 1]), graph.input("v", [1, channels])];
  const kernel = expand(reshaped(mul(u, v), [channels, channels, 1, 1]), [channels, channels, 3, 3]);
  let y = cast(expand(reshaped(v, [1, channels, 1, 1]), [2, channels, 64, 64]), precision);
  for (let k = 0; k < CHAIN; k++) y = conv(y, cast(kernel, precision), undefined, { padding: 1 });
  return finished(graph, y, { u: [channels, 1, 1 / (9 * channels)], v: [1, channels, 1] });
}

/** @param {Value} x @param {readonly number[]} shape */
const reshaped = (x, shape) =>
  x.graph.node("Reshape", [x, x.graph.constant(shape, [shape.length], "int64")], {}, [{ shape, dtype: x.dtype }])[0];

/** @param {Graph} graph @param {Value} y @param {Readonly<Record<string, readonly [number, number, number]>>} inputs */
function finished(graph, y, inputs) {
  graph.output("mean", reduceMean(cast(y, "float32"), [...y.shape.keys()]));
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, [a, b, value]]) => [name, { data: new Float32Array(a * b).fill(value), shape: [a, b] }]),
  );
  return { graph, feeds };
}

/** The fastest of `runs` after a first, seconds. @param {Where} where @param {ReturnType<typeof finished>} program @param {number} runs */
async function fastest({ device, threads }, { graph, feeds }, runs) {
  const runtime = startRuntime({ device, threads });
  const session = await runtime.open(graph);
  let best = Number.POSITIVE_INFINITY;
  for (let k = 0; k <= runs; k++) {
    const begun = performance.now();
    await session.run(feeds);
    if (k > 0) best = Math.min(best, (performance.now() - begun) / 1000);
  }
  await runtime.close();
  return best;
}

/**
 * @param {Where} where
 * @param {{ readonly side: number, readonly channels: number, readonly runs: number }} size
 * @returns {Promise<{ product: number, convolution: number, rows: import("../table.mjs").Row[] }>} TFLOP/s
 */
export async function measureRates(where, { side, channels, runs }) {
  const rate = async (/** @type {ReturnType<typeof finished>} */ program) =>
    flopsOf(program.graph) / (await fastest(where, program, runs)) / 1e12;
  const product = await rate(products(where, side));
  const convolution = await rate(convolutions(where, channels));
  const row = (/** @type {string} */ what, /** @type {number} */ value) => ({
    what: `${what}, ${where.precision}`,
    value,
    unit: "TFLOP/s",
  });
  return {
    product,
    convolution,
    rows: [row(`matrix product, ${side}³`, product), row(`convolution 3×3, ${channels} channels, 2×64×64`, convolution)],
  };
}

/** Seconds to bring a byte to the device and back, both counted. @param {Where} where */
export async function measureCrossing(where) {
  const graph = new Graph();
  const shape = [8, 2 ** 20]; // 32 MiB
  graph.output("y", mul(graph.input("x", shape), 2));
  const feeds = { x: { data: new Float32Array(8 * 2 ** 20), shape } };
  return (await fastest(where, { graph, feeds }, 3)) / (2 * feeds.x.data.byteLength);
}
