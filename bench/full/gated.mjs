/**
 * @file An experiment: noise and gradient in one session, the gradient behind an ONNX If, so that both share one copy of the weights.
 * The nodes that the noise does not need become the If's branch; what they read of the others is captured by name.
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { onnxBytes } from "#kernel-lib/graph/onnx.js";

const [FLOAT, BOOL] = [1, 9];

/**
 * @param {import("#kernel-lib/graph/graph.js").Graph} graph the gradient's program
 * @param {string} noise the name of the value in it that is the noise
 * @returns {Uint8Array} a model with one more input, `wanted` (bool), and one more output, `noise`; without `wanted` the others are one 0 each
 */
export function gatedModel(graph, noise) {
  const model = fromBinary(ModelProtoSchema, onnxBytes(graph));
  const whole = model.graph;
  if (!whole) throw new Error("gatedModel: a model without a graph");
  const always = new Set([noise]);
  for (const node of whole.node.toReversed())
    if (node.output.some((name) => always.has(name))) for (const name of node.input) always.add(name);
  const isAlways = (/** @type {{ output: string[] }} */ node) => node.output.some((name) => always.has(name));
  const names = whole.output.map(({ name }) => name);
  const type = create(TypeProtoSchema, { value: { case: "tensorType", value: create(TypeProto_TensorSchema, { elemType: FLOAT }) } });
  const info = (/** @type {string} */ name) => create(ValueInfoProtoSchema, { name, type });
  const zero = create(TensorProtoSchema, { dims: [1n], dataType: FLOAT, floatData: [0] });
  const then = create(GraphProtoSchema, {
    name: "gradient",
    node: whole.node.filter((node) => !isAlways(node)),
    output: names.map(info),
  });
  const nothing = create(GraphProtoSchema, {
    name: "nothing",
    node: names.map((name) =>
      create(NodeProtoSchema, {
        opType: "Constant",
        output: [name],
        attribute: [create(AttributeProtoSchema, { name: "value", type: AttributeProto_AttributeType.TENSOR, t: zero })],
      }),
    ),
    output: names.map(info),
  });
  const branch = (/** @type {string} */ name, /** @type {typeof then} */ g) =>
    create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.GRAPH, g });
  whole.node = [
    ...whole.node.filter(isAlways),
    create(NodeProtoSchema, {
      name: "Gate",
      opType: "If",
      input: ["wanted"],
      output: names.map((name) => `gated_${name}`),
      attribute: [branch("then_branch", then), branch("else_branch", nothing)],
    }),
  ];
  const wanted = create(TypeProtoSchema, { value: { case: "tensorType", value: create(TypeProto_TensorSchema, { elemType: BOOL }) } });
  whole.input.push(create(ValueInfoProtoSchema, { name: "wanted", type: wanted }));
  whole.output = [...names.map((name) => info(`gated_${name}`)), info(noise)];
  return toBinary(ModelProtoSchema, model);
}
