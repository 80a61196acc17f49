/** @file Sessions in a worker thread, so that the calling thread stays free while a network runs. */
import "./telemetry.js";
import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { ClosedError } from "../core/errors.js";
import { kernelHost, unlessStopped } from "../core/host.js";
import type { DeviceTensor } from "../core/tensor.js";
import type { Graph } from "../graph/graph.js";
import type { DeviceBuffer, DeviceResults, Feeds, Results, Session, SessionOptions } from "./session.js";

/** A worker that holds sessions. Calls are answered one after the other. */
export interface Runtime {
  readonly options: SessionOptions;
  /** Loads a graph. */
  open(graph: Graph): Promise<Session>;
  /** Loads a graph whose results stay on the device, as feeds for its other sessions; onnxruntime-node offers it for WebGPU alone. */
  openOnDevice?(graph: Graph): Promise<Session<Readonly<Record<string, DeviceTensor>>>>;
  /** Ends the worker and with it every session; a network call that is under way is waited for, its answer and all others are ClosedErrors. */
  close(): Promise<void>;
}

/** From the calling thread to the worker. */
export type Request =
  | {
      readonly id: number;
      readonly kind: "open";
      readonly model: Uint8Array;
      readonly options: SessionOptions;
      readonly results: "host" | "device";
    }
  | { readonly id: number; readonly kind: "run"; readonly session: number; readonly feeds: Feeds }
  | { readonly id: number; readonly kind: "release"; readonly session: number }
  | { readonly id: number; readonly kind: "free"; readonly buffer: DeviceBuffer }
  | { readonly id: number; readonly kind: "end" };
export type Reply = { readonly id: number } & (
  | { readonly value: number | Results | DeviceResults | undefined }
  | { readonly error: string }
);

const ENCODED = new WeakMap<Graph, Promise<Uint8Array>>();

/** A graph as ONNX, encoded once for all lanes that load it: a gradient of 5,000 nodes takes a quarter of a second. */
function encoded(graph: Graph): Promise<Uint8Array> {
  const known = ENCODED.get(graph);
  if (known) return known;
  // protobuf and ONNX's schema are loaded here: a program that loads no graph does not wait for them
  const bytes = import("../graph/onnx.js").then(({ onnxBytes }) => onnxBytes(graph));
  ENCODED.set(graph, bytes);
  return bytes;
}

/** Starts a worker for sessions on one device. It does not keep the process alive while nothing runs. */
export function startRuntime(options: SessionOptions): Runtime {
  const url = new URL("./session-worker.js", import.meta.url);
  if (!existsSync(url)) throw new Error(`startRuntime: ${url.pathname} is missing; build the project (npm run build) and import the build`);
  const worker = new Worker(url, { execArgv: [] }); // a program from `node --input-type=module -e` would pass on what a file cannot have
  worker.unref();
  const exit = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let ids = 0;
  let ended: Error | undefined;
  const end = (error: Error) => {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  worker.on("error", end);
  worker.on("exit", (code) => end(new ClosedError(`the session worker has ended (code ${code})`)));
  worker.on("message", (reply: Reply) => {
    const call = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (waiting.size === 0 && !ended) worker.unref();
    if ("error" in reply) call?.reject(new Error(reply.error));
    else call?.resolve(reply.value as never);
  });
  type Call = Request extends infer R ? (R extends Request ? Omit<R, "id"> : never) : never;
  const ask = <T>(call: Call, transfer: ArrayBuffer[] = []): Promise<T> =>
    new Promise((resolve, reject) => {
      if (ended) return reject(ended);
      const id = ids++;
      waiting.set(id, { resolve, reject });
      worker.ref(); // the process waits for an answer that is under way
      worker.postMessage({ ...call, id }, transfer);
    });
  const load = async (graph: Graph, results: "host" | "device"): Promise<number> => {
    const model = (await encoded(graph)).slice(); // the worker takes the copy
    const weights = graph.checkpointing ? "mapped" : "blocked"; // a graph that must save activations must save weights too
    return ask({ kind: "open", model, options: { weights, ...options }, results }, [model.buffer as ArrayBuffer]);
  };
  const opened = <Out>(session: number): Session<Out> => ({
    // From a notebook's stop on its reason at once: the native call then ends in its worker, and the next one waits for it.
    run: (feeds) => unlessStopped(() => ask({ kind: "run", session, feeds: cloneable(feeds) }), kernelHost()?.signal),
    release: () => ask({ kind: "release", session }),
  });
  const free = (buffer: DeviceBuffer): void => {
    if (!ended) ask({ kind: "free", buffer }).catch(() => undefined); // the worker ended, and its buffers with it
  };
  const collected = new FinalizationRegistry<DeviceBuffer>(free);
  const deviceTensor = (buffer: DeviceBuffer): DeviceTensor => {
    const tensor = { ...buffer, release: () => free(buffer) };
    collected.register(tensor, buffer);
    return tensor;
  };
  const openOnDevice: Runtime["openOnDevice"] = async (graph) => {
    const session = opened<DeviceResults>(await load(graph, "device"));
    const run = async (feeds: Feeds) =>
      Object.fromEntries(Object.entries(await session.run(feeds)).map(([name, buffer]) => [name, deviceTensor(buffer)]));
    return { ...session, run };
  };
  return {
    options,
    open: async (graph) => opened<Results>(await load(graph, "host")),
    ...(options.device === "webgpu" ? { openOnDevice } : {}),
    close() {
      end(new ClosedError("the model is closed; open it again"));
      worker.ref();
      worker.postMessage({ id: ids++, kind: "end" } satisfies Request); // worker.terminate() within a native call aborts the process
      return exit;
    },
  };
}

/** Feeds without what a message cannot carry. */
const cloneable = (feeds: Feeds): Feeds =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, feed]) => [name, "buffer" in feed ? { buffer: feed.buffer, shape: feed.shape } : feed]),
  );
