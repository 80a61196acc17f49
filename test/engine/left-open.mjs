/** A script that opens a model, uses it and does not close it. Run by node, deno and bun. */

import { Graph, mul, startRuntime } from "../../dist/kernel-lib/graph.js";
import { openModel } from "../../dist/kernel-lib/index.js";

const model = await openModel();
const text = await model.encodeText(["hills"]); // [1,tokens,dim]
console.log("tokens", text.shape[1]);

const runtime = startRuntime({ device: "cpu", threads: 1 });
const graph = new Graph();
graph.output("y", mul(graph.input("x", [1]), 2));
const session = await runtime.open(graph);
console.log("twice", (await session.run({ x: { data: Float32Array.of(3), shape: [1] } })).y.data[0]);
