/** @file Floating-point operations of a graph's products, which are nearly all of its work: a multiplication and an addition count two. */
import { sizeOf } from "../core/tensor.js";
import type { Graph, Node } from "./graph.js";

/** Of one run of a graph: matrix products, linear layers and convolutions that its outputs need. Elementwise operators are not counted. */
export const flopsOf = (graph: Graph): number => graph.liveNodes().reduce((sum, node) => sum + flopsOfNode(graph, node), 0);

/** Of one node; 0 for one that is no product. */
export function flopsOfNode(graph: Graph, { type, inputs, outputs }: Node): number {
  const [a, b, out] = [inputs[0], inputs[1], outputs[0]].map((name) => graph.values.get(name)?.shape ?? []);
  if (type === "MatMul" || type === "Gemm") return 2 * sizeOf(out) * a[a.length - 1];
  if (type === "Conv" || type === "com.microsoft.nchwc.Conv") return 2 * sizeOf(out) * sizeOf(b.slice(1));
  if (type === "ConvTranspose") return 2 * sizeOf(a) * sizeOf(b.slice(1));
  return 0;
}
