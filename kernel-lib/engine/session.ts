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
/** A tensor that a run left in the device's memory, by its number; `dropHeld` frees it. */
export interface Held {
  readonly held: number;
  readonly shape: Shape;
}
export type Feeds = Readonly<Record<string, Feed | Held>>;
/** Float32 results by output name. */
export type Results = Readonly<Record<string, { readonly data: Float32Array; readonly shape: Shape }>>;
export type HeldResults = Readonly<Record<string, Held>>;

/**
 * How the CPU provider holds weights. "blocked": convolutions' and products' rearranged for speed, in memory of the session's own; a gradient
 * of Stable Diffusion's size takes three times its files and a minute to load. "packed": products' alone. "mapped": none, every session
 * reads them where they lie, and the system may drop them when memory is short. The last two give a run's memory back when it ends.
 */
export type Weights = "blocked" | "packed" | "mapped";

export interface SessionOptions {
  readonly device: Device;
  /** threads of the CPU provider */
  readonly threads: number;
  /** default "blocked" */
  readonly weights?: Weights;
}

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
 * system, so that graphs can point at any real path. Its threads stop waiting actively when a run ends: they would take a core from the
 * next session's run, 8 % of a step of SyncDiffusion. Results come back in every run.
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

/** Tensors that runs left on the device, by number. */
const held = new Map<number, ort.Tensor>();
let made = 0;

/** Loads a model whose results stay on the device, for other sessions on it in this thread. The device must be WebGPU. */
export async function openHolding(model: Uint8Array, options: SessionOptions): Promise<Session<HeldResults>> {
  const session = await load(model, options, "gpu-buffer");
  return {
    async run(feeds) {
      const outputs = Object.entries(await session.run(tensors(feeds)));
      return Object.fromEntries(
        outputs.map(([name, output]) => {
          held.set(made, output);
          return [name, { held: made++, shape: output.dims }];
        }),
      );
    },
    release: () => session.release(),
  };
}

/** Frees a tensor on the device; twice is once. */
export function dropHeld({ held: number }: Held): void {
  held.get(number)?.dispose();
  held.delete(number);
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
        force_spinning_stop: "1",
        disable_prepacking: weights === "mapped" ? "1" : "0",
      },
    },
  });

function tensors(feeds: Feeds): Record<string, ort.Tensor> {
  const made = Object.entries(feeds).map(([name, feed]) => [name, "held" in feed ? heldTensor(name, feed) : sent(feed)] as const);
  return Object.fromEntries(made);
}

const sent = ({ data, shape }: Feed): ort.Tensor =>
  data instanceof Int32Array ? new ort.Tensor("int32", data, shape) : new ort.Tensor("float32", data, shape);

function heldTensor(name: string, { held: number }: Held): ort.Tensor {
  const found = held.get(number);
  if (!found) throw new Error(`input ${name}: its tensor on the device was released`);
  return found;
}
