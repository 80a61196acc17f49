/**
 * @file Messages of the Open Inference Protocol v2 (KServe) over HTTP with the binary tensor extension: a JSON head, then the tensors' numbers, row-major
 * and little-endian, in the head's order. Source: github.com/kserve/open-inference-protocol, specification/protocol/inference_rest.md;
 * github.com/triton-inference-server/server, docs/protocol/extension_binary_data.md.
 */
import { sizeOf } from "../../core/tensor.js";

/** The header that says where the JSON head ends. */
export const HEAD_LENGTH = "inference-header-content-length";

/** A tensor of a message. */
export interface WireTensor {
  readonly name: string;
  readonly datatype: "FP32" | "INT32";
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/** A message, ready to be sent: the head, then each tensor's bytes. */
export interface WireMessage {
  readonly parts: readonly Uint8Array[];
  /** of the head, bytes */
  readonly headLength: number;
  /** bytes in all */
  readonly length: number;
}

/** Bytes of one number, whatever its type. */
export const BYTES = 4;

/**
 * A request ("inputs") or an answer ("outputs") with binary tensors.
 * @param rest what the head has besides
 * @param inHead names of tensors whose numbers stand in the head, as JSON; default none
 */
export function binaryMessage(
  key: "inputs" | "outputs",
  tensors: readonly WireTensor[],
  rest: object,
  inHead: ReadonlySet<string> = new Set(),
): WireMessage {
  const described = tensors.map(({ name, datatype, shape, data }) => ({
    ...{ name, datatype, shape },
    ...(inHead.has(name) ? { data: [...data] } : { parameters: { binary_data_size: data.byteLength } }),
  }));
  const head = Buffer.from(JSON.stringify({ ...rest, [key]: described }));
  const binary = tensors.filter(({ name }) => !inHead.has(name));
  const parts = [head, ...binary.map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))];
  return { parts, headLength: head.length, length: parts.reduce((sum, { length }) => sum + length, 0) };
}

/** The numbers of a tensor in these bytes, in memory of their own. @param bytes as many as the shape wants */
export function numbersIn(datatype: WireTensor["datatype"], bytes: Uint8Array): Float32Array | Int32Array {
  const own = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  return datatype === "INT32" ? new Int32Array(own) : new Float32Array(own);
}

/** The numbers of a tensor from JSON, nested or flat; null stands for NaN, which JSON has no word for. @returns undefined where something else is among them */
export function numbersOf(
  datatype: WireTensor["datatype"],
  values: unknown,
  shape: readonly number[],
): Float32Array | Int32Array | undefined {
  const size = sizeOf(shape);
  const numbers = datatype === "INT32" ? new Int32Array(size) : new Float32Array(size);
  let at = 0;
  const fill = (value: unknown): boolean => {
    if (Array.isArray(value)) return value.every(fill);
    if (value !== null && typeof value !== "number") return false;
    if (datatype === "INT32" && !Number.isInteger(value)) return false;
    if (at >= size) return false;
    numbers[at++] = value ?? Number.NaN;
    return true;
  };
  return fill(values) && at === size ? numbers : undefined;
}
