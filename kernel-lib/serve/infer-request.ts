/** @file The head of an inference request: checked against the function before any of its tensors is read. The words of its errors are those of Triton. */
import { isObject } from "../core/json.js";
import { sizeOf } from "../core/tensor.js";
import type { Feed } from "../engine/session.js";
import { lengthsOf, openShape } from "../pipelines/serving/axes.js";
import type { FunctionInput, NetworkFunction } from "../pipelines/serving/network-functions.js";
import { BYTES, numbersIn, numbersOf } from "../pipelines/serving/wire.js";

/** A request that is answered with an error. */
export class RefusedRequest extends Error {
  override name = "RefusedRequest";
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const wrong = (message: string): RefusedRequest => new RefusedRequest(400, message);

/** What a request asks for. */
export interface InferRequest {
  /** given back with the answer */
  readonly id?: string;
  /** bytes of all its binary tensors */
  readonly binaryBytes: number;
  /** rows of one network call, where the client says */
  readonly batch?: number;
  readonly outputs: readonly { readonly name: string; readonly form: "binary" | "json" }[];
  /** The feeds, out of the binary tensors' bytes. @throws RefusedRequest for a token number that is none */
  feeds(binary: Uint8Array): Readonly<Record<string, Feed>>;
}

interface Given {
  readonly input: FunctionInput;
  readonly shape: readonly number[];
  /** of a binary tensor */
  readonly bytes?: number;
  /** of one in JSON */
  readonly data?: Float32Array | Int32Array;
}

/**
 * Reads the head.
 * @param text the head's JSON
 * @throws RefusedRequest 400 for what does not fit the function
 */
export function inferRequest(found: NetworkFunction, text: string): InferRequest {
  const head = parsed(text);
  const inputs = listIn(head, "inputs");
  if (!inputs) throw wrong("Unable to parse 'inputs': want an array of inputs");
  const given = inputs.map((entry) => givenInput(found, entry));
  expectEach(found, given);
  const shapes = Object.fromEntries(given.map(({ input, shape }) => [input.name, shape]));
  lengthsOf(found.inputs, shapes, (name) => unexpectedShape(found, name, shapes[name]));
  const parameters = isObject(head.parameters) ? head.parameters : {};
  const { batch } = parameters;
  if (batch !== undefined && !isLength(batch))
    throw wrong(`unexpected parameter 'batch': got ${JSON.stringify(batch)}, want a whole number >= 1`);
  if (head.id !== undefined && typeof head.id !== "string")
    throw wrong("Unable to parse 'id': attempt to access JSON non-string as string");
  return {
    ...(typeof head.id === "string" && { id: head.id }),
    ...(isLength(batch) && { batch }),
    binaryBytes: given.reduce((sum, { bytes = 0 }) => sum + bytes, 0),
    outputs: wantedOutputs(found, head, parameters.binary_data_output === true),
    feeds: (binary) => feedsOf(found, given, binary),
  };
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  let head: unknown;
  try {
    head = JSON.parse(text);
  } catch (error) {
    throw wrong(`failed to parse the request JSON buffer: ${(error as Error).message.slice(0, 200)}`);
  }
  if (!isObject(head)) throw wrong("failed to parse the request JSON buffer: want an object");
  return head;
}

function listIn(head: Readonly<Record<string, unknown>>, key: string): readonly Readonly<Record<string, unknown>>[] | undefined {
  const list = head[key];
  return Array.isArray(list) && list.every(isObject) ? list : undefined;
}

function givenInput(found: NetworkFunction, { name, datatype, shape, parameters, data }: Readonly<Record<string, unknown>>): Given {
  const input = found.inputs.find((each) => each.name === name);
  if (!input) throw wrong(`unexpected inference input ${quoted(name)} for model '${found.name}'`);
  if (datatype !== input.datatype)
    throw wrong(`inference input '${input.name}' data-type is ${quoted(datatype)}, but model '${found.name}' expects '${input.datatype}'`);
  if (!Array.isArray(shape) || !shape.every(isLength) || !Number.isSafeInteger(sizeOf(shape)))
    throw unexpectedShape(found, input.name, shape);
  const size = isObject(parameters) ? parameters.binary_data_size : undefined;
  if (size === undefined) {
    const numbers = data === undefined ? undefined : numbersOf(input.datatype, data, expectedSize(found, input, shape, data));
    if (!numbers)
      throw wrong(`Unable to parse 'data' of input '${input.name}': want ${sizeOf(shape)} numbers, or the parameter binary_data_size`);
    return { input, shape, data: numbers };
  }
  const bytes = BYTES * sizeOf(shape);
  if (size !== bytes) throw wrong(`unexpected total byte size ${JSON.stringify(size)} for input '${input.name}', expecting ${bytes}`);
  return { input, shape, bytes };
}

/** A shape of no more numbers than the JSON text can hold, so that nothing is allocated for a shape that lies. */
function expectedSize(found: NetworkFunction, input: FunctionInput, shape: readonly number[], data: unknown): readonly number[] {
  const count = (value: unknown): number => (Array.isArray(value) ? value.reduce((sum: number, each) => sum + count(each), 0) : 1);
  if (count(data) !== sizeOf(shape)) throw unexpectedShape(found, input.name, shape);
  return shape;
}

function expectEach(found: NetworkFunction, given: readonly Given[]): void {
  const names = given.map(({ input }) => input.name);
  const twice = names.find((name, k) => names.indexOf(name) !== k);
  if (twice !== undefined) throw wrong(`input '${twice}' already exists in request`);
  const missing = found.inputs.filter(({ name }) => !names.includes(name)).map(({ name }) => `'${name}'`);
  if (missing.length > 0)
    throw wrong(
      `expected ${found.inputs.length} inputs but got ${names.length} inputs for model '${found.name}'. Got input(s) [${names.map((name) => `'${name}'`)}], but missing required input(s) [${missing}]`,
    );
}

function wantedOutputs(found: NetworkFunction, head: Readonly<Record<string, unknown>>, binary: boolean): InferRequest["outputs"] {
  const form = (asked: unknown) => (asked === true ? "binary" : asked === false ? "json" : binary ? "binary" : "json");
  if (head.outputs === undefined) return found.outputs.map(({ name }) => ({ name, form: form(undefined) }));
  const list = listIn(head, "outputs");
  if (!list) throw wrong("Unable to parse 'outputs': want an array of outputs");
  return list.map(({ name, parameters }) => {
    const output = found.outputs.find((each) => each.name === name);
    if (!output) throw wrong(`unexpected inference output ${quoted(name)} for model '${found.name}'`);
    return { name: output.name, form: form(isObject(parameters) ? parameters.binary_data : undefined) };
  });
}

function feedsOf(found: NetworkFunction, given: readonly Given[], binary: Uint8Array): Readonly<Record<string, Feed>> {
  let at = 0;
  const entries = given.map(({ input, shape, bytes = 0, data }) => {
    const numbers = data ?? numbersIn(input.datatype, binary.subarray(at, at + bytes));
    at += bytes;
    if (input.below !== undefined && numbers.some((number) => number < 0 || number >= (input.below as number)))
      throw wrong(`input '${input.name}' for model '${found.name}': want numbers from 0 to ${input.below - 1}`);
    return [input.name, { data: numbers, shape }] as const;
  });
  return Object.fromEntries(entries);
}

function unexpectedShape(found: NetworkFunction, name: string, got: unknown): RefusedRequest {
  const want = found.inputs.find((each) => each.name === name)?.shape ?? [];
  return wrong(
    `unexpected shape for input '${name}' for model '${found.name}'. Expected [${openShape(want)}], got ${JSON.stringify(got) ?? "nothing"}`,
  );
}

const isLength = (length: unknown): length is number => Number.isSafeInteger(length) && Number(length) >= 1;

const quoted = (value: unknown): string => `'${typeof value === "string" ? value.slice(0, 100) : JSON.stringify(value)?.slice(0, 100)}'`;
