/** @file Floating-point operations of a graph's products: a multiplication and an addition count two. */
import { sizeOf } from "#kernel-lib/core/tensor.js";

/**
 * @typedef {import("#kernel-lib/graph/graph.js").Graph} Graph
 * @typedef {import("#kernel-lib/graph/graph.js").Node} Node
 */

/** @param {Graph} graph @returns {number} */
export const flopsOf = (graph) => graph.liveNodes().reduce((sum, node) => sum + flopsOfNode(graph, node), 0);

/** @param {Graph} graph @param {Node} node @returns {number} */
export function flopsOfNode(graph, { type, inputs, outputs }) {
  const [a, b, out] = [inputs[0], inputs[1], outputs[0]].map((name) => graph.values.get(name)?.shape ?? []);
  if (type === "MatMul" || type === "Gemm") return 2 * sizeOf(out) * a[a.length - 1];
  if (type === "Conv") return 2 * sizeOf(out) * sizeOf(b.slice(1));
  if (type === "ConvTranspose") return 2 * sizeOf(a) * sizeOf(b.slice(1));
  return 0;
}
