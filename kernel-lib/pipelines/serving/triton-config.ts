/** @file config.pbtxt of a model in Triton's repository, in protobuf's text format. Source: Triton's docs/user_guide/model_configuration.md. */
import type { Shape } from "../../core/tensor.js";

/** An input or an output with its full shape. */
export interface TritonTensor {
  readonly name: string;
  readonly datatype: "FP32" | "INT32";
  readonly shape: Shape;
}

/** What the file says. */
export interface TritonModel {
  readonly name: string;
  readonly inputs: readonly TritonTensor[];
  readonly outputs: readonly TritonTensor[];
  readonly parameters: Readonly<Record<string, string>>;
}

/** The text of config.pbtxt. */
export function tritonConfig({ name, inputs, outputs, parameters }: TritonModel): string {
  const tensors = (kind: string, list: readonly TritonTensor[]) =>
    `${kind} [\n${list.map((each) => `  { name: ${quoted(each.name)} data_type: TYPE_${each.datatype} dims: [ ${each.shape.join(", ")} ] }`).join(",\n")}\n]\n`;
  const strings = Object.entries(parameters).map(
    ([key, value]) => `parameters { key: ${quoted(key)} value: { string_value: ${quoted(value)} } }\n`,
  );
  return `name: ${quoted(name)}
backend: "onnxruntime"
# 0: the batch is the first of dims. A larger number would let Triton batch requests, but for that it wants graphs whose first dimension is -1,
# and the shapes of these graphs are fixed: they are planned for one batch.
max_batch_size: 0
${tensors("input", inputs)}${tensors("output", outputs)}${strings.join("")}`;
}

/** A string of protobuf's text format. JSON and names have no control characters that would need an escape. */
const quoted = (text: string): string => `"${text.replace(/[\\"]/g, "\\$&")}"`;
