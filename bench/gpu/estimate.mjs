/**
 * @file The least time that one network call can take on an H100, counted from its graph: matrix products and convolutions at their rates,
 * everything else by the bytes that it moves. No GPU is needed.
 * Arguments: the checkpoint's folder (only configs and shapes are read), kind (noise, gradient, decode), windows per call, precision, "stored" or
 * "checkpointed" activations.
 * RATES='{"half":550,"tf32":300,"convHalf":450,"convTf32":220,"bytes":2.7}' replaces the rates below, in TFLOP/s and TB/s.
 */
import { flopsOfNode, networkGraphs, sizeOf } from "./internals.mjs";

/**
 * @typedef {import("./internals.mjs").NetworkGraph} NetworkGraph
 * @typedef {import("./internals.mjs").Node} Node
 * @typedef {{ count: number, tera: number, giga: number, ms: number }} Cost nodes, TFLOP, GB moved, milliseconds
 */

/** Rates that good kernels are assumed to reach on an H100: about half of its data sheet's TFLOP/s, 0.8 of its TB/s. */
const RATES = { half: 550, tf32: 300, convHalf: 450, convTf32: 220, bytes: 2.7, ...JSON.parse(process.env.RATES ?? "{}") };
/** A kernel's launch, ms. */
const LAUNCH = 0.003;
/** ONNX Runtime's LayerNormalization runs one thread block per row, which reads about 10 GB/s. */
const BLOCK_RATE = 10;
const WIDTH = { float32: 4, float16: 2, bfloat16: 2, int64: 8, int32: 4, bool: 1 };

const [path, kind, batch, precision, activations] = process.argv.slice(2);
const graph = networkGraphs(path, /** @type {import("veduta").Precision} */ (precision)).graph(
  /** @type {import("./internals.mjs").Kind} */ (kind),
  {
    batch: Number(batch),
    activations: /** @type {import("./internals.mjs").Activations | undefined} */ (activations),
  },
);
const ZERO = { count: 0, tera: 0, giga: 0, ms: 0 };
print(costs(graph));

/** Cost per operator and type. What ONNX Runtime folds when it loads the graph, or fuses into a product, costs nothing. @param {NetworkGraph} graph */
function costs(graph) {
  const constants = new Set(["", ...graph.initializers.map(({ value }) => value.name)]);
  const nodes = graph.liveNodes().filter(({ inputs, outputs }) => {
    const folded = inputs.every((name) => constants.has(name));
    if (folded) for (const name of outputs) constants.add(name);
    return !folded;
  });
  /** @type {Map<string, Node[]>} */
  const users = new Map();
  for (const node of nodes) for (const name of node.inputs) users.set(name, [...(users.get(name) ?? []), node]);
  const maker = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node])));
  const shape = (/** @type {string} */ name) => graph.values.get(name)?.shape ?? [];

  /** @param {Node} node */
  function fused({ type, inputs, outputs, attributes }) {
    const next = users.get(outputs[0]) ?? [];
    const intoProduct = next.length > 0 && next.every((user) => user.type === "MatMul");
    if (type === "Reshape") return true;
    if (type === "Transpose") return intoProduct && `${attributes.perm}` === "0,2,1";
    const scales = type === "Mul" && inputs.some((name) => constants.has(name) && sizeOf(shape(name)) === 1);
    return scales && (intoProduct || inputs.some((name) => maker.get(name)?.type === "MatMul" && users.get(name)?.length === 1));
  }

  /** @type {Map<string, Cost>} */
  const found = new Map();
  for (const node of nodes) {
    if (fused(node)) continue;
    const key = `${node.type} ${graph.values.get(node.outputs[0])?.dtype}`;
    const cost = costOf(graph, node, (name) => users.has(name) || graph.outputs.some(({ value }) => value.name === name));
    found.set(key, sum([found.get(key) ?? ZERO, cost]));
  }
  return found;
}

/**
 * cuDNN turns a convolution's tensors from NCHW to NHWC and back, and adds its bias in a pass of its own; Gemm adds a bias in two passes.
 * @param {NetworkGraph} graph @param {Node} node @param {(name: string) => boolean} needed whether an output is stored @returns {Cost}
 */
function costOf(graph, node, needed) {
  const { type, inputs, outputs } = node;
  const [x, , bias] = inputs;
  const [y] = outputs;
  const bytes = (/** @type {string} */ name) => {
    const value = graph.values.get(name);
    return value ? sizeOf(value.shape) * WIDTH[value.dtype] : 0;
  };
  const conv = type.startsWith("Conv");
  let moved = [...new Set(inputs), ...outputs.filter(needed)].reduce((total, name) => total + bytes(name), 0);
  if (type === "Expand") moved = bytes(y);
  if ((conv || type === "Gemm") && bias) moved += 2 * bytes(y);
  if (conv) moved += 2 * (bytes(x) + bytes(y));

  const flops = flopsOfNode(graph, node);
  const half = graph.values.get(y)?.dtype === "float16";
  const rate = conv ? (half ? RATES.convHalf : RATES.convTf32) : half ? RATES.half : RATES.tf32;
  const [product, memory] = [flops / rate / 1e9, moved / RATES.bytes / 1e9]; // ms
  let ms = LAUNCH + (conv ? product + memory : Math.max(product, memory));
  if (type === "LayerNormalization") {
    const { shape } = /** @type {import("./internals.mjs").Value} */ (graph.values.get(x));
    const rows = sizeOf(shape) / shape[shape.length - 1];
    ms = Math.max(ms, (moved + bytes(x)) / (Math.min(1000 * RATES.bytes, BLOCK_RATE * rows) * 1e6));
  }
  return { count: 1, tera: flops / 1e12, giga: moved / 1e9, ms };
}

/** @param {Map<string, Cost>} costs */
function print(costs) {
  const all = sum([...costs.values()]);
  const windows = Number(batch);
  const row = (/** @type {string} */ name, /** @type {Cost} */ { tera, giga, ms }) =>
    console.log(
      `  ${name.padEnd(34)}${(tera / windows).toFixed(2).padStart(8)} TFLOP ${(giga / windows).toFixed(1).padStart(7)} GB ${(ms / windows).toFixed(1).padStart(7)} ms`,
    );
  console.log(
    `${kind} ×${windows}, ${precision}, activations ${graph.checkpointing ? "checkpointed" : "stored"}: ${all.count} nodes; per window at the least`,
  );
  row("all", all);
  for (const [key, cost] of [...costs].sort(([, a], [, b]) => b.ms - a.ms).slice(0, 16))
    row(`${String(cost.count).padStart(5)} × ${key}`, cost);
}

/** @param {readonly Cost[]} costs @returns {Cost} */
function sum(costs) {
  const total = (/** @type {keyof Cost} */ key) => costs.reduce((all, cost) => all + cost[key], 0);
  return { count: total("count"), tera: total("tera"), giga: total("giga"), ms: total("ms") };
}
