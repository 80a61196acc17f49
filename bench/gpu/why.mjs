/** @file Runs a graph of one operator on CUDA with ONNX Runtime's own error messages, of which the library passes on one line. */
import * as ort from "onnxruntime-node";
import { Graph, mul, onnxBytes } from "./internals.mjs";

console.log(ort.env.versions, ort.listSupportedBackends());
const graph = new Graph();
graph.output("y", mul(graph.input("x", [2]), 2));
try {
  const session = await ort.InferenceSession.create(onnxBytes(graph), { executionProviders: ["cuda"], logSeverityLevel: 2 });
  const { y } = await session.run({ x: new ort.Tensor("float32", Float32Array.of(1, 2), [2]) });
  console.log(`CUDA runs: 2 · [1, 2] gives [${y.data}], want [2,4]`);
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
