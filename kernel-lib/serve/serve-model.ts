/**
 * @file A model over HTTP: the Open Inference Protocol v2 (KServe) with the binary tensor extension. One call at a time runs on the device; clients take
 * turns. Source: as wire.ts.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ClosedError } from "../core/errors.js";
import { openShape } from "../pipelines/serving/axes.js";
import type { NetworkFunction } from "../pipelines/serving/network-functions.js";
import type { OpenFunctions } from "../pipelines/serving/open-functions.js";
import { empty, json, outputs, plainText, sameText } from "./answers.js";
import { type Counters, counters } from "./counters.js";
import { inferRequest, RefusedRequest } from "./infer-request.js";
import { readBody } from "./request-body.js";
import { type Turns, takeTurns } from "./turns.js";

/** Options of `serveModel`. */
export interface ServeOptions {
  readonly host: string;
  /** 0: any that is free */
  readonly port: number;
  /** every request but those for health needs one of them, as Authorization: Bearer; none: anybody may ask */
  readonly tokens: readonly string[];
  /** calls that may wait; the next is refused with 429 */
  readonly maxWaiting: number;
  /** of Veduta, for the server's metadata */
  readonly version: string;
}

/** A server that runs. */
export interface ModelServer {
  /** such as http://127.0.0.1:8000 */
  readonly address: string;
  /** Refuses what comes and what waits with 503, lets the running call end, and closes the model. */
  close(): Promise<void>;
}

/** A path: /v2/models/NAME[/versions/1][/ready|/config|/infer] */
const MODEL_PATH = /^\/v2\/models\/([^/]+)(?:\/versions\/1)?(?:\/(ready|config|infer))?$/;
/** Longer than clients keep a connection that is not used, so that they close first and none is reset under a request. */
const KEEP_ALIVE = 75_000;

/** What the answers of a server share. */
interface Serving {
  readonly options: ServeOptions;
  readonly turns: Turns;
  readonly counted: Counters;
  /** the model, or why there is none now */
  state(): { readonly model: OpenFunctions } | { readonly reason: string };
}

/**
 * Starts the server at once; until the model is open, and while the server stops, requests are answered with 503.
 * @param opening the model; its failure closes the server
 */
export async function serveModel(opening: Promise<OpenFunctions>, options: ServeOptions): Promise<ModelServer> {
  const [turns, counted] = [takeTurns(), counters()];
  let model: OpenFunctions | undefined;
  let stopping = false;
  opening.then(
    (opened) => {
      model = opened;
    },
    () => {},
  );
  const state = () => (model && !stopping ? { model } : { reason: stopping ? "the server is being stopped" : "the model is being opened" });
  const serving: Serving = { options, turns, counted, state };
  const server = createServer((request, response) => {
    answer(serving, request, response).catch((error: unknown) => {
      const status = statusOf(error);
      counted.refused(status);
      if (!response.headersSent) json(response, status, { error: error instanceof Error ? error.message : String(error) }, CLOSES[status]);
      else response.destroy();
      request.resume(); // what is left of a refused body
    });
  });
  server.keepAliveTimeout = KEEP_ALIVE;
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}`,
    async close() {
      stopping = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await turns.close(new RefusedRequest(503, "the server is being stopped"));
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), 1000).unref(); // answers that nobody reads
      await closed;
      await (await opening.catch(() => undefined))?.close();
    },
  };
}

/** @throws RefusedRequest; what a call throws */
async function answer(serving: Serving, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { options, turns, counted } = serving;
  const path = (request.url ?? "").split("?")[0];
  if (path === "/v2/health/live") return empty(response, 200);
  if (path === "/v2/health/ready") return empty(response, "model" in serving.state() ? 200 : 503);
  const token = expectToken(request, options.tokens);
  if (path === "/v2" || path === "/v2/")
    return json(response, 200, { name: "veduta", version: options.version, extensions: ["binary_tensor_data", "model_configuration"] });
  if (path === "/metrics") return plainText(response, counted.text(turns.waiting));
  const [, name, verb] = MODEL_PATH.exec(path) ?? [];
  if (name === undefined) throw new RefusedRequest(404, `no such path: ${path.slice(0, 100)}`);
  const { functions, parameters } = opened(serving);
  const found = functions.get(name);
  if (!found) throw new RefusedRequest(404, `Request for unknown model: '${name.slice(0, 100)}' is not found`);
  expectMethod(request, verb === "infer" ? "POST" : "GET");
  if (verb === undefined) return json(response, 200, metadataOf(found));
  if (verb === "ready") return empty(response, 200);
  if (verb === "config") return json(response, 200, configOf(found, parameters(name)));
  return infer(serving, found, { request, response, client: options.tokens.length > 1 ? token : request.socket });
}

function opened({ state }: Serving): OpenFunctions {
  const now = state();
  if ("reason" in now) throw new RefusedRequest(503, now.reason);
  return now.model;
}

/** A call, when its client's turn has come. @param asked `client`: what counts as one */
async function infer(
  serving: Serving,
  found: NetworkFunction,
  { request, response, client }: { readonly request: IncomingMessage; readonly response: ServerResponse; readonly client: unknown },
): Promise<void> {
  const { options, turns, counted } = serving;
  if (turns.waiting >= options.maxWaiting) throw new RefusedRequest(429, `${turns.waiting} calls are waiting; ask again later`);
  const { head, binary } = await readBody(request, (text) => inferRequest(found, text));
  const feeds = head.feeds(binary);
  const gone = new AbortController();
  response.once("close", () => gone.abort(new ClosedError("the client has hung up")));
  const call = async () => {
    const begun = performance.now();
    const results = await opened(serving).run(found, feeds, head.batch);
    counted.answered(found.name, (performance.now() - begun) / 1000);
    return results;
  };
  const results = await turns.take(client, call, gone.signal);
  const about = { model_name: found.name, model_version: "1", ...(head.id !== undefined && { id: head.id }) };
  outputs(
    response,
    about,
    head.outputs.map((output) => ({ ...output, ...results[output.name] })),
  );
}

/** Answers after which the connection is closed: the client may still be sending a body that nobody reads. */
const CLOSES: Readonly<Record<number, "close">> = { 411: "close", 413: "close", 415: "close", 429: "close", 401: "close" };

const REFUSALS = new Set(["RangeError", "ShapeError", "TypeError", "MemoryError"]);

function statusOf(error: unknown): number {
  if (error instanceof RefusedRequest) return error.status;
  if (error instanceof ClosedError) return 503;
  return error instanceof Error && REFUSALS.has(error.name) ? 400 : 500;
}

/** The request's token. @throws RefusedRequest 401 */
function expectToken({ headers }: IncomingMessage, tokens: readonly string[]): string | undefined {
  if (tokens.length === 0) return undefined;
  const [, given] = /^Bearer (.+)$/i.exec(headers.authorization ?? "") ?? [];
  const found = tokens.find((token) => given !== undefined && sameText(token, given));
  if (found === undefined) throw new RefusedRequest(401, given === undefined ? "want Authorization: Bearer TOKEN" : "the token is wrong");
  return found;
}

function expectMethod({ method }: IncomingMessage, want: string): void {
  if (method !== want) throw new RefusedRequest(405, `got ${method}, want ${want}`);
}

/** The function's metadata, as the protocol has them; -1 for a length that the call chooses. */
function metadataOf({ name, inputs, outputs }: NetworkFunction): object {
  const tensors = (list: NetworkFunction["outputs"]) =>
    list.map(({ name, datatype, shape }) => ({ name, datatype, shape: openShape(shape) }));
  return { name, versions: ["1"], platform: "veduta", inputs: tensors(inputs), outputs: tensors(outputs) };
}

/** The function's configuration in Triton's form. */
function configOf({ name, inputs, outputs }: NetworkFunction, parameters: Readonly<Record<string, string>>): object {
  const tensors = (list: NetworkFunction["outputs"]) =>
    list.map(({ name, datatype, shape }) => ({ name, data_type: `TYPE_${datatype}`, dims: openShape(shape) }));
  const strings = Object.entries(parameters).map(([key, value]) => [key, { string_value: value }] as const);
  return {
    ...{ name, platform: "veduta", backend: "veduta", max_batch_size: 0, input: tensors(inputs), output: tensors(outputs) },
    parameters: Object.fromEntries(strings),
  };
}

function listen(server: Server, { host, port }: Pick<ServeOptions, "host" | "port">): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
