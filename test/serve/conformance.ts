/**
 * @file A strict server of the Open Inference Protocol over a folder that `veduta models export` wrote, as Triton would serve it: ONNX Runtime opens the
 * models by their paths, and what Triton refuses is refused. None of the product's own code of the protocol is used. Source: as
 * kernel-lib/pipelines/serving/wire.ts, and Triton's words of 2.5x.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import * as ort from "onnxruntime-node";

/** What a test changes. */
export interface ConformanceOptions {
  /** whether configurations have the parameters of config.pbtxt; default "all": OpenVINO's server has none */
  readonly parameters?: "all" | "none";
  /** outputs come as JSON numbers, whatever the request wants; default "as asked" */
  readonly outputs?: "as asked" | "json";
  /** called before each inference; its status answers in place of the result */
  readonly interrupt?: (count: number) => number | undefined;
}

/** A conformance server. */
export interface Conformance {
  readonly url: string;
  /** requests for inference, those that failed too */
  readonly calls: () => number;
  close(): Promise<void>;
}

interface TensorInfo {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

interface Served {
  readonly session: ort.InferenceSession;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly parameters: Readonly<Record<string, { readonly string_value: string }>>;
}

type Json = Readonly<Record<string, unknown>>;

const DATATYPES: Readonly<Record<string, string>> = { float32: "FP32", int32: "INT32", int64: "INT64" };
const TYPES = { FP32: ["float32", Float32Array], INT32: ["int32", Int32Array] } as const;
const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

class Refused extends Error {}

/** The string parameters of config.pbtxt. */
function parametersIn(file: string): Served["parameters"] {
  if (!existsSync(file)) return {};
  const entries = [...readFileSync(file, "utf8").matchAll(/^parameters \{ key: "([^"]+)" value: \{ string_value: "(.*)" \} \}$/gm)];
  return Object.fromEntries(entries.map(([, key, value]) => [key, { string_value: value.replace(/\\(["\\])/g, "$1") }]));
}

/** Serves every model of a folder. */
export async function serveExports(folder: string, options: ConformanceOptions = {}): Promise<Conformance> {
  const models = new Map<string, Served>();
  for (const name of readdirSync(folder)) {
    const file = join(folder, name, "1/model.onnx/model.onnx");
    if (!existsSync(file)) continue;
    const session = await ort.InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1 });
    const described = (list: readonly ort.InferenceSession.ValueMetadata[]): TensorInfo[] =>
      list.map((each) => (each.isTensor ? { name: each.name, datatype: DATATYPES[each.type], shape: each.shape as number[] } : never()));
    const parameters = options.parameters === "none" ? {} : parametersIn(join(folder, name, "config.pbtxt"));
    models.set(name, { session, inputs: described(session.inputMetadata), outputs: described(session.outputMetadata), parameters });
  }
  let calls = 0;
  let turn: Promise<unknown> = Promise.resolve();
  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) => json(response, error instanceof Refused ? 400 : 500, { error: error.message }));
  });

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [, name, verb] = /^\/v2\/models\/([^/]+)(?:\/(ready|infer|config))?$/.exec(request.url ?? "") ?? [];
    if (name === undefined) return json(response, 404, { error: "Not Found" });
    const model = models.get(name);
    if (!model) throw new Refused(`Request for unknown model: '${name}' is not found`);
    const { inputs, outputs, parameters } = model;
    if (verb === undefined) return json(response, 200, { name, versions: ["1"], platform: "onnxruntime_onnx", inputs, outputs });
    if (verb === "config") return json(response, 200, { name, platform: "onnxruntime_onnx", max_batch_size: 0, parameters });
    if (verb === "ready") return json(response, 200, {});
    if (request.method !== "POST") throw new Refused("infer wants POST");
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const status = options.interrupt?.(++calls);
    if (status !== undefined) return json(response, status, { error: "interrupted" });
    const { head, feeds } = read(
      name,
      model,
      Buffer.concat(chunks),
      request.headers["inference-header-content-length"] as string | undefined,
    );
    turn = turn.catch(() => {}).then(() => model.session.run(feeds));
    write(response, name, model, head, (await turn) as ort.InferenceSession.ReturnType, options.outputs);
  };

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: () => calls,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      for (const { session } of models.values()) await session.release();
    },
  };
}

/** Reads a request as strictly as Triton. */
function read(
  name: string,
  model: Served,
  body: Buffer,
  headLength: string | undefined,
): { head: Json; feeds: Record<string, ort.Tensor> } {
  if (headLength !== undefined && !(Number(headLength) <= body.length))
    throw new Refused("inference header length is larger than the body");
  let at = headLength === undefined ? body.length : Number(headLength);
  const head = JSON.parse(body.subarray(0, at).toString()) as Json;
  const given = head.inputs as readonly (TensorInfo & { readonly parameters?: Json; readonly data?: readonly unknown[] })[];
  const feeds: Record<string, ort.Tensor> = {};
  for (const input of given) {
    const want = model.inputs.find((each) => each.name === input.name);
    if (!want) throw new Refused(`unexpected inference input '${input.name}' for model '${name}'`);
    if (input.name in feeds) throw new Refused(`input '${input.name}' already exists in request`);
    if (input.datatype !== want.datatype)
      throw new Refused(`inference input '${input.name}' data-type is '${input.datatype}', but model '${name}' expects '${want.datatype}'`);
    if (String(input.shape) !== String(want.shape))
      throw new Refused(`unexpected shape for input '${input.name}' for model '${name}'. Expected [${want.shape}], got [${input.shape}]`);
    const [type, Numbers] = TYPES[want.datatype as keyof typeof TYPES];
    const [bytes, size] = [4 * sizeOf(want.shape), input.parameters?.binary_data_size];
    if (size !== undefined && size !== bytes)
      throw new Refused(`unexpected total byte size ${size} for input '${input.name}', expecting ${bytes}`);
    if (size !== undefined && at + bytes > body.length) throw new Refused(`unexpected end of the binary data for input '${input.name}'`);
    const numbers =
      size === undefined
        ? Numbers.from(input.data?.flat(9) as number[])
        : new Numbers(Uint8Array.from(body.subarray(at, at + bytes)).buffer);
    if (size !== undefined) at += bytes;
    feeds[input.name] = new ort.Tensor(type, numbers as never, input.shape);
  }
  if (at !== body.length) throw new Refused(`unexpected additional input data for model '${name}'`);
  const missing = model.inputs.filter((each) => !(each.name in feeds)).map((each) => each.name);
  if (missing.length > 0)
    throw new Refused(`expected ${model.inputs.length} inputs but got ${given.length} inputs for model '${name}', missing '${missing}'`);
  return { head, feeds };
}

function write(
  response: ServerResponse,
  name: string,
  model: Served,
  head: Json,
  results: ort.InferenceSession.ReturnType,
  form: ConformanceOptions["outputs"] = "as asked",
): void {
  const binary = form === "as asked" && (head.parameters as Json | undefined)?.binary_data_output === true;
  const parts: Buffer[] = [];
  const outputs = model.outputs.map(({ name, datatype }) => {
    const { data, dims } = results[name] as ort.Tensor;
    const numbers = data as Float32Array;
    if (!binary) return { name, datatype, shape: dims, data: [...numbers] };
    parts.push(Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength));
    return { name, datatype, shape: dims, parameters: { binary_data_size: numbers.byteLength } };
  });
  const said = Buffer.from(JSON.stringify({ model_name: name, model_version: "1", outputs }));
  response.writeHead(200, binary ? { "inference-header-content-length": said.length } : { "content-type": "application/json" });
  response.end(Buffer.concat([said, ...parts]));
}

function json(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

function never(): never {
  throw new Error("a model whose inputs are not all tensors");
}
