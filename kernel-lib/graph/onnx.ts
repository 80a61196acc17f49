/** @file A graph as the bytes of an ONNX model. Weights stay in their files: an initializer is {file, offset, length}. */
import { create, toBinary } from "@bufbuild/protobuf";
import type { AttributeProto, TensorProto, ValueInfoProto } from "onnx-buf";
import {
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataLocation as DataLocation,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from "onnx-buf";
import type { Attribute, Graph, Initializer, Value } from "./graph.js";
import { ONNX_TYPE } from "./operator.js";

const OPSET = 21;
const IR_VERSION = 10n;

/** How a model is written. */
export interface OnnxOptions {
  /**
   * The name under which the model finds a file of weights, which then begins the names of its tensors too; default its absolute path without the
   * leading "/", see session.ts.
   */
  readonly locate?: (file: string) => string;
}

/** The model's bytes: ONNX's IR 10 and opset 21, and only the operators of ONNX itself unless the graph is made with `convBlock`. */
export function onnxBytes(graph: Graph, { locate = fromRoot }: OnnxOptions = {}): Uint8Array {
  if (graph.outputs.length === 0) throw new Error("onnxBytes: the graph has no output; name one with graph.output(name, value)");
  const live = graph.liveNodes();
  const used = new Set([...live.flatMap(({ inputs }) => inputs), ...graph.outputs.map(({ value }) => value.name)]);
  const renamed = new Map(
    graph.initializers.flatMap(({ value: { name }, data }) =>
      !(data instanceof Uint8Array) && name.startsWith(data.file) ? [[name, locate(data.file) + name.slice(data.file.length)]] : [],
    ),
  );
  const nameOf = (name: string) => renamed.get(name) ?? name;
  const nodes = live.map((node, k) =>
    create(NodeProtoSchema, {
      name: `${node.type}_${k}`,
      ...operatorOf(node.type),
      input: node.inputs.map(nameOf),
      output: [...node.outputs],
      attribute: Object.entries(node.attributes).map(([name, value]) => attribute(name, value)),
    }),
  );
  // an output may be an input's or another output's value: an Identity gives it its own name
  for (const { name, value } of graph.outputs)
    nodes.push(create(NodeProtoSchema, { name: `Output_${name}`, opType: "Identity", input: [nameOf(value.name)], output: [name] }));
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: "veduta",
    opsetImport: opsets(live.map(({ type }) => operatorOf(type).domain)),
    graph: create(GraphProtoSchema, {
      name: "veduta",
      node: nodes,
      initializer: graph.initializers
        .filter(({ value }) => used.has(value.name))
        .map((each) => initializer(nameOf(each.value.name), each, locate)),
      input: graph.inputs.map((value) => valueInfo(value.name, value)),
      output: graph.outputs.map(({ name, value }) => valueInfo(name, value)),
    }),
  });
  return toBinary(ModelProtoSchema, model);
}

/** "domain.Type" -> its two parts; ONNX's own operators have the domain "". */
function operatorOf(type: string): { readonly domain: string; readonly opType: string } {
  const dot = type.lastIndexOf(".");
  return { domain: type.slice(0, Math.max(0, dot)), opType: type.slice(dot + 1) };
}

/** ONNX's operator set, and version 1 of every other domain that is used. */
const opsets = (domains: readonly string[]) =>
  [...new Set(["", ...domains])].map((domain) => create(OperatorSetIdProtoSchema, { domain, version: BigInt(domain === "" ? OPSET : 1) }));

function attribute(name: string, value: Attribute): AttributeProto {
  if (typeof value === "string")
    return create(AttributeProtoSchema, { name, type: AttributeType.STRING, s: Uint8Array.from(Buffer.from(value)) });
  if (typeof value === "number") return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
  if ("float" in value) return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value.float });
  return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value.map(BigInt) });
}

const fromRoot = (file: string): string => file.replace(/^\/+/, "");

function initializer(name: string, { value, data }: Initializer, locate: (file: string) => string): TensorProto {
  const head = { name, dims: value.shape.map(BigInt), dataType: ONNX_TYPE[value.dtype] };
  if (data instanceof Uint8Array) return create(TensorProtoSchema, { ...head, rawData: Uint8Array.from(data) });
  const entries = { location: locate(data.file), offset: String(data.offset), length: String(data.length) };
  const externalData = Object.entries(entries).map(([key, text]) => create(StringStringEntryProtoSchema, { key, value: text }));
  return create(TensorProtoSchema, { ...head, dataLocation: DataLocation.EXTERNAL, externalData });
}

function valueInfo(name: string, value: Value): ValueInfoProto {
  const dim = value.shape.map((d) => create(TensorShapeProto_DimensionSchema, { value: { case: "dimValue", value: BigInt(d) } }));
  const tensorType = create(TypeProto_TensorSchema, { elemType: ONNX_TYPE[value.dtype], shape: create(TensorShapeProtoSchema, { dim }) });
  return create(ValueInfoProtoSchema, { name, type: create(TypeProtoSchema, { value: { case: "tensorType", value: tensorType } }) });
}
