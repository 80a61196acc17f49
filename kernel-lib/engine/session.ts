/** @file A loaded graph: the only file that imports onnxruntime-node. `run` blocks the thread that calls it; runtime.ts moves it into a worker. */
import "./telemetry.js";
import { parse } from "node:path";
import * as ort from "onnxruntime-node";
import type { Shape } from "../core/tensor.js";
import type { Device } from "./device.js";

/** What a run is fed with; int32 for token numbers. */
export interface Feed {
  readonly data: Float32Array | Int32Array;
  readonly shape: Shape;
}
/** A tensor in the device's memory, by the number of its buffer; `freeBuffer` frees it. */
export interface DeviceBuffer {
  readonly buffer: number;
  readonly shape: Shape;
}
/** What a run is fed with, by input name. */
export type Feeds = Readonly<Record<string, Feed | DeviceBuffer>>;
/** Float32 results by output name. */
export type Results = Readonly<Record<string, { readonly data: Float32Array; readonly shape: Shape }>>;
export type DeviceResults = Readonly<Record<string, DeviceBuffer>>;

/**
 * Weight layout on the CPU. "blocked": convolution and matmul weights are copied and repacked for speed (a gradient session of Stable Diffusion's
 * size needs 3 times its file and a minute to load). "packed": only matmul weights are. "mapped": nothing is copied; sessions share the
 * memory-mapped file, which the system may evict. "packed" and "mapped" release the arena after each run.
 */
export type WeightLayout = "blocked" | "packed" | "mapped";

/** How a session is opened. */
export interface SessionOptions {
  readonly device: Device;
  /** threads of the CPU provider */
  readonly threads: number;
  /** default "blocked" */
  readonly weights?: WeightLayout;
}

/** A loaded graph. */
export interface Session<Out = Results> {
  run(feeds: Feeds): Promise<Out>;
  release(): Promise<void>;
}

/** The devices that this build of ONNX Runtime knows; whether one works is seen when a session opens on it. */
export const knownDevices = (): Device[] =>
  ort
    .listSupportedBackends()
    .map(({ name }) => name)
    .filter((name): name is Device => name === "cpu" || name === "cuda" || name === "webgpu");

/**
 * Loads a model. Memory pattern is off: it doubles the peak of a graph with gradients. Weights are found from the root of the file
 * system, so that graphs can point at any real path. Threads never spin while they wait: on a busy machine spinning took twice the processor time,
 * and small graphs run in lanes of one thread. Results come back in every run.
 * @param model the bytes of onnx.ts
 */
export async function openSession(model: Uint8Array, options: SessionOptions): Promise<Session> {
  const session = await load(model, options);
  return {
    async run(feeds) {
      const outputs = Object.entries(await session.run(tensors(feeds)));
      return Object.fromEntries(outputs.map(([name, { data, dims }]) => [name, { data: data as Float32Array, shape: dims }]));
    },
    release: () => session.release(),
  };
}

/** The device buffers of this thread, by number. */
const buffers = new Map<number, ort.Tensor>();
let made = 0;

/** Loads a model whose results stay on the device, for other sessions on it in this thread. The device must be WebGPU. */
export async function openOnDevice(model: Uint8Array, options: SessionOptions): Promise<Session<DeviceResults>> {
  const session = await load(model, options, "gpu-buffer");
  return {
    async run(feeds) {
      const outputs = Object.entries(await session.run(tensors(feeds)));
      return Object.fromEntries(
        outputs.map(([name, output]) => {
          buffers.set(made, output);
          return [name, { buffer: made++, shape: output.dims }];
        }),
      );
    },
    release: () => session.release(),
  };
}

/** Frees a buffer on the device; twice is once. */
export function freeBuffer({ buffer }: DeviceBuffer): void {
  buffers.get(buffer)?.dispose();
  buffers.delete(buffer);
}

const load = (
  model: Uint8Array,
  { device, threads, weights = "blocked" }: SessionOptions,
  preferredOutputLocation?: "gpu-buffer",
): Promise<ort.InferenceSession> =>
  ort.InferenceSession.create(model, {
    executionProviders: device === "cpu" ? ["cpu"] : [device, "cpu"],
    preferredOutputLocation,
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    enableMemPattern: false,
    enableCpuMemArena: weights === "blocked", // an arena doubles when it grows, and keeps what it has
    graphOptimizationLevel: weights === "blocked" ? "all" : "extended", // "all" rearranges convolutions' weights
    logSeverityLevel: 4, // errors are thrown, not printed besides
    extra: {
      session: {
        model_external_initializers_file_folder_path: parse(process.cwd()).root,
        "intra_op.allow_spinning": "0",
        disable_prepacking: weights === "mapped" ? "1" : "0",
      },
    },
  });

function tensors(feeds: Feeds): Record<string, ort.Tensor> {
  const made = Object.entries(feeds).map(([name, feed]) => [name, "buffer" in feed ? bufferOf(name, feed) : hostTensor(feed)] as const);
  return Object.fromEntries(made);
}

const hostTensor = ({ data, shape }: Feed): ort.Tensor =>
  data instanceof Int32Array ? new ort.Tensor("int32", data, shape) : new ort.Tensor("float32", data, shape);

function bufferOf(name: string, { buffer }: DeviceBuffer): ort.Tensor {
  const found = buffers.get(buffer);
  if (!found) throw new Error(`input ${name}: its tensor on the device was released`);
  return found;
}
