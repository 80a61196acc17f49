/**
 * Half precision as a GPU computes it: sums inside a node in float32, every result of a node rounded. ONNX Runtime's CPU provider leaves most of
 * these roundings out: it runs half precision between two casts, and removes the pairs of casts where nodes meet. A reshape between them keeps
 * the pair, at optimisation level "disabled".
 */
import { parse } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema, type NodeProto, NodeProtoSchema, TensorProto_DataType, TensorProtoSchema } from "onnx-buf";
import * as ort from "onnxruntime-node";
import type { Feed, Session } from "#kernel-lib/engine/session.js";
import type { Graph } from "#kernel-lib/graph/graph.js";
import { onnxBytes } from "#kernel-lib/graph/onnx.js";

/** Nodes that only move numbers. */
const EXACT = new Set(["Reshape", "Transpose", "Concat", "Split", "Slice", "Expand", "Resize"]);

/** The graph's model, every half-precision result rounded. */
export function roundedBytes(graph: Graph): Uint8Array {
  const model = fromBinary(ModelProtoSchema, onnxBytes(graph));
  const whole = model.graph!;
  const shapes = new Map<string, readonly number[]>();
  const shapeName = (shape: readonly number[]) => {
    shapes.set(`shape ${shape}`, shape);
    return `shape ${shape}`;
  };
  const reshape = (from: string, shape: readonly number[], to: string) =>
    create(NodeProtoSchema, { opType: "Reshape", name: to, input: [from, shapeName(shape)], output: [to] });
  whole.node = whole.node.flatMap((node): NodeProto[] => {
    if (EXACT.has(node.opType)) return [node];
    const added: NodeProto[] = [];
    node.output = node.output.map((name) => {
      const value = graph.values.get(name);
      if (value?.dtype !== "float16") return name;
      added.push(reshape(`${name} computed`, [-1], `${name} rounded`), reshape(`${name} rounded`, value.shape, name));
      return `${name} computed`;
    });
    return [node, ...added];
  });
  for (const [name, shape] of shapes) {
    const rawData = new Uint8Array(BigInt64Array.from(shape, BigInt).buffer);
    whole.initializer.push(
      create(TensorProtoSchema, { name, dims: [BigInt(shape.length)], dataType: TensorProto_DataType.INT64, rawData }),
    );
  }
  return toBinary(ModelProtoSchema, model);
}

/** A session of the graph that rounds as a GPU does. */
export async function openRounded(graph: Graph): Promise<Session> {
  const session = await ort.InferenceSession.create(roundedBytes(graph), {
    graphOptimizationLevel: "disabled",
    enableMemPattern: false,
    intraOpNumThreads: 2,
    logSeverityLevel: 4,
    extra: { session: { model_external_initializers_file_folder_path: parse(process.cwd()).root } },
  });
  return {
    async run(feeds: Readonly<Record<string, Feed>>) {
      const tensors = Object.entries(feeds).map(([name, { data, shape }]) =>
        data instanceof Int32Array ? [name, new ort.Tensor("int32", data, shape)] : [name, new ort.Tensor("float32", data, shape)],
      );
      const outputs = await session.run(Object.fromEntries(tensors));
      return Object.fromEntries(
        Object.entries(outputs).map(([name, { data, dims }]) => [name, { data: data as Float32Array, shape: dims }]),
      );
    },
    release: () => session.release(),
  };
}
