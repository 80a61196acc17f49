/** @file A loaded graph: the only file that imports onnxruntime-node. `run` blocks the thread that calls it; runtime.ts moves it into a worker. */
import { parse } from "node:path";
import * as ort from "onnxruntime-node";
import type { Shape } from "../core/tensor.js";

export type Device = "cpu" | "cuda" | "webgpu";

/** What a run is fed with; int32 for token numbers. */
export interface Feed {
  readonly data: Float32Array | Int32Array;
  readonly shape: Shape;
}
export type Feeds = Readonly<Record<string, Feed>>;
/** Float32 results by output name. */
export type Results = Readonly<Record<string, { readonly data: Float32Array; readonly shape: Shape }>>;

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

export interface Session {
  run(feeds: Feeds): Promise<Results>;
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
 * next session's run, 8 % of a step of SyncDiffusion. Inputs and results cross to the device and back in every run: onnxruntime-node can leave
 * results on the device for WebGPU alone, and what a step of SyncDiffusion moves, from worker copies to the device, was 0.4 % of its time at most.
 * @param model the bytes of onnx.ts
 */
export async function openSession(model: Uint8Array, { device, threads, weights = "blocked" }: SessionOptions): Promise<Session> {
  const session = await ort.InferenceSession.create(model, {
    executionProviders: device === "cpu" ? ["cpu"] : [device, "cpu"],
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
  return {
    async run(feeds) {
      const inputs: Record<string, ort.Tensor> = {};
      for (const [name, { data, shape }] of Object.entries(feeds))
        inputs[name] = data instanceof Int32Array ? new ort.Tensor("int32", data, shape) : new ort.Tensor("float32", data, shape);
      const outputs = await session.run(inputs);
      const results: Record<string, { data: Float32Array; shape: Shape }> = {};
      for (const [name, output] of Object.entries(outputs)) results[name] = { data: output.data as Float32Array, shape: output.dims };
      return results;
    },
    release: () => session.release(),
  };
}
