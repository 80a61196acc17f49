/** @file Floating-point operations of a graph's products: a multiplication and an addition count two. */
import { sizeOf } from "#kernel-lib/core/tensor.js";

/** @param {import("#kernel-lib/graph/graph.js").Graph} graph @returns {number} */
export function flopsOf(graph) {
  /** @param {string} name @returns {readonly number[]} */
  const shape = (name) => graph.values.get(name)?.shape ?? [];
  let flops = 0;
  for (const { type, inputs, outputs } of graph.liveNodes()) {
    const [a, b] = inputs.map(shape);
    const out = sizeOf(shape(outputs[0]));
    if (type === "MatMul") flops += 2 * out * a[a.length - 1];
    if (type === "Conv") flops += 2 * out * sizeOf(b.slice(1));
    if (type === "ConvTranspose") flops += 2 * sizeOf(a) * sizeOf(b.slice(1));
  }
  return flops;
}
