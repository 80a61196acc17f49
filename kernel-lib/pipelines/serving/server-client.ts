/** @file Requests to a model's server: one connection that is kept, failures that may pass tried again, whatever a request computes. */
import { setTimeout as delay } from "node:timers/promises";
import type { Dispatcher } from "undici";
import { ServerError } from "../../core/errors.js";
import { brief } from "../../core/json.js";
import { sizeOf } from "../../core/tensor.js";
import { BYTES, binaryMessage, HEAD_LENGTH, numbersIn, numbersOf, type WireTensor } from "./wire.js";

/** A connection to a server. */
export interface ServerClient {
  readonly address: string;
  /** What the server says at a path below its address, as JSON; undefined where it knows no such path or model. @throws ServerError */
  get(path: string): Promise<unknown>;
  /** Runs a function. Repeating a call is safe: it computes, and changes nothing. @throws ServerError; the signal's reason once it aborts */
  infer(name: string, inputs: readonly WireTensor[], options?: InferOptions): Promise<readonly WireTensor[]>;
  /** Closes the connection; calls under way end with an error. */
  close(): Promise<void>;
}

/** Of a call. */
export interface InferOptions {
  /** further parameters of the request; default none */
  readonly parameters?: Readonly<Record<string, string | number | boolean>>;
  readonly signal?: AbortSignal;
}

/** Options of `openClient`. */
export interface ClientOptions {
  /** sent as Authorization: Bearer; default none */
  readonly token?: string;
  /** waits between tries; default the clock's */
  readonly sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<unknown>;
}

/** Tries in all. */
const TRIES = 5;
/** Milliseconds before the second try; each further wait is twice as long. */
const FIRST_WAIT = 250;
/** A wait is up to this share longer, so that clients of a server that was away do not come back together. */
const JITTER = 0.25;
/** What may pass: the server is away, being started, being stopped, or has too many waiting. */
const PASSING_CODES = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "UND_ERR_SOCKET", "UND_ERR_CONNECT_TIMEOUT"]);
const PASSING_STATUSES = new Set([429, 503]);

interface Answer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData["headers"];
  readonly bytes: Uint8Array;
}

/** Opens a connection; the first request is the first that goes there. */
export async function openClient(address: string, { token, sleep = wait }: ClientOptions = {}): Promise<ServerClient> {
  const { Pool } = await import("undici");
  const { origin, pathname } = new URL(address);
  // a call may take minutes, and one connection is one client to a server that takes turns
  const pool = new Pool(origin, { connections: 1, headersTimeout: 0, bodyTimeout: 0 });
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };

  const once = async (
    path: string,
    request: Pick<Dispatcher.RequestOptions, "method" | "headers" | "body" | "signal">,
  ): Promise<Answer> => {
    const {
      statusCode: status,
      headers,
      body,
    } = await pool.request({
      ...request,
      path: `${pathname.replace(/\/$/, "")}${path}`,
      headers: { "user-agent": "veduta", ...request.headers, ...authorization },
    });
    return { status, headers, bytes: new Uint8Array(await body.arrayBuffer()) };
  };

  const retried = async (path: string, request: Parameters<typeof once>[1]): Promise<Answer> => {
    const signal = request.signal as AbortSignal | undefined;
    for (let tries = 1; ; tries++) {
      const answer = await once(path, request).catch((error: NodeJS.ErrnoException) => {
        signal?.throwIfAborted();
        if (!PASSING_CODES.has(error.code ?? "")) throw new ServerError(`${address}: ${error.message}`, { cause: error });
        return error;
      });
      const failed = answer instanceof Error ? reasonOf(answer) : PASSING_STATUSES.has(answer.status) ? said(answer) : undefined;
      if (!(answer instanceof Error) && failed === undefined) return answer;
      if (tries === TRIES)
        throw new ServerError(`${address}: ${failed}, ${TRIES} times in a row; is veduta serve running there, and is the port open?`);
      await sleep(FIRST_WAIT * 2 ** (tries - 1) * (1 + JITTER * Math.random()), signal);
    }
  };

  const refused = (path: string, answer: Answer): ServerError => {
    const fix = answer.status === 401 ? "; set VEDUTA_TOKEN to a token of the server's --token-file" : "";
    return new ServerError(`${address}${path}: ${said(answer)}${fix}`);
  };

  return {
    address,
    async get(path) {
      const answer = await retried(path, { method: "GET" });
      if (answer.status === 404 || (answer.status === 400 && /unknown model|not found/i.test(said(answer)))) return undefined;
      if (answer.status !== 200) throw refused(path, answer);
      return parsed(`${address}${path}`, answer.bytes);
    },
    async infer(name, inputs, { parameters = {}, signal } = {}) {
      const { parts, headLength } = binaryMessage("inputs", inputs, { parameters: { binary_data_output: true, ...parameters } });
      const path = `/v2/models/${name}/infer`;
      const headers = { "content-type": "application/octet-stream", [HEAD_LENGTH]: String(headLength) };
      const answer = await retried(path, { method: "POST", headers, body: Buffer.concat(parts), signal });
      if (answer.status !== 200) throw refused(path, answer);
      return outputsIn(`${address}${path}`, answer);
    },
    close: () => pool.destroy(),
  };
}

const wait = (milliseconds: number, signal?: AbortSignal): Promise<unknown> =>
  delay(milliseconds, undefined, { signal }).catch(() => signal?.throwIfAborted());

const reasonOf = ({ code, message }: NodeJS.ErrnoException): string =>
  code === "ECONNREFUSED"
    ? "nobody answers there"
    : code === "UND_ERR_CONNECT_TIMEOUT"
      ? "no connection"
      : `the connection broke (${message})`;

/** The status, and the words of { "error": … }. */
function said({ status, bytes }: Pick<Answer, "status" | "bytes">): string {
  const text = new TextDecoder().decode(bytes.subarray(0, 4096));
  try {
    const { error } = JSON.parse(text) as { readonly error?: unknown };
    if (typeof error === "string") return `${status}, ${error}`;
  } catch {
    // the words of a proxy, not of the protocol
  }
  return text === "" ? String(status) : `${status}, ${brief(text)}`;
}

function parsed(where: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new ServerError(
      `${where}: got ${brief(new TextDecoder().decode(bytes.subarray(0, 100)))}, want JSON of the Open Inference Protocol`,
    );
  }
}

/** The outputs of an answer, in either form. */
function outputsIn(where: string, { headers, bytes }: Answer): readonly WireTensor[] {
  const headLength = headers[HEAD_LENGTH] === undefined ? bytes.length : Number(headers[HEAD_LENGTH]);
  const head = parsed(where, bytes.subarray(0, headLength)) as { readonly outputs?: readonly Record<string, unknown>[] };
  let at = headLength;
  if (!Array.isArray(head?.outputs)) throw new ServerError(`${where}: got ${brief(head)}, want outputs`);
  return head.outputs.map(({ name, datatype, shape, parameters, data }) => {
    const refuse = (want: string) =>
      new ServerError(`${where}: got the output ${brief({ name, datatype, shape, parameters })}, want ${want}`);
    if (typeof name !== "string" || (datatype !== "FP32" && datatype !== "INT32") || !isShape(shape))
      throw refuse("a name, FP32 or INT32, and a shape");
    const size = (parameters as { readonly binary_data_size?: unknown } | undefined)?.binary_data_size;
    if (size === undefined) {
      const numbers = numbersOf(datatype, data, shape);
      if (!numbers) throw refuse(`${sizeOf(shape)} numbers`);
      return { name, datatype, shape, data: numbers };
    }
    const wanted = BYTES * sizeOf(shape);
    if (size !== wanted || at + wanted > bytes.length) throw refuse(`${wanted} bytes`);
    at += wanted;
    return { name, datatype, shape, data: numbersIn(datatype, bytes.subarray(at - wanted, at)) };
  });
}

const isShape = (shape: unknown): shape is readonly number[] =>
  Array.isArray(shape) && shape.every((d) => Number.isSafeInteger(d) && d >= 0);
