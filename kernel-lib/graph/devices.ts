/** @file Which device sessions run on: the one asked for, or the best that is there, proved by running a graph on it. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { DeviceError } from "../core/errors.js";
import { Graph } from "./graph.js";
import { add } from "./ops/elementwise.js";
import { type Runtime, startRuntime } from "./runtime.js";
import type { Device } from "./session.js";

export type DeviceChoice = "auto" | Device;

export interface DeviceRuntime {
  readonly runtime: Runtime;
  /** what "auto" chose, and why not the others */
  readonly notices: readonly string[];
}

export const DEVICE_CHOICES: readonly DeviceChoice[] = ["auto", "cpu", "cuda", "webgpu"];

const HOW: Readonly<Record<Device, string>> = {
  cpu: "",
  cuda: "CUDA needs Linux x64 or Windows x64, an NVIDIA GPU with its CUDA and cuDNN libraries, and ONNX Runtime's CUDA provider: npm rebuild onnxruntime-node --ignore-scripts=false",
  webgpu: "WebGPU needs a GPU with a Vulkan, Metal or Direct3D 12 driver",
};

/**
 * Starts a runtime on a device. "auto" tries cuda, then takes the cpu; webgpu is used on request alone, since a software adapter answers
 * like a real one and is slower than the cpu.
 * @throws DeviceError where the device that was asked for is not there: which are, and how to get it
 */
export async function openDevice(choice: DeviceChoice, threads: number): Promise<DeviceRuntime> {
  if (choice !== "auto") {
    const opened = await tryDevice(choice, threads);
    if ("runtime" in opened) return { runtime: opened.runtime, notices: [] };
    const there = choice === "cpu" ? "none" : ["cpu", ...(choice !== "cuda" && (await works("cuda", threads)) ? ["cuda"] : [])].join(", ");
    throw new DeviceError(`device ${choice}: not there (${opened.reason}); there are: ${there}. ${HOW[choice]}`);
  }
  const cuda = await tryDevice("cuda", threads);
  if ("runtime" in cuda) return { runtime: cuda.runtime, notices: ["device auto: cuda"] };
  const cpu = await openDevice("cpu", threads);
  return { ...cpu, notices: [`device auto: cpu; cuda is not there (${cuda.reason}); webgpu is used on request alone`] };
}

async function works(device: Device, threads: number): Promise<boolean> {
  const opened = await tryDevice(device, threads);
  if ("runtime" in opened) await opened.runtime.close();
  return "runtime" in opened;
}

/** Runs a graph of one node on the device. */
async function tryDevice(device: Device, threads: number): Promise<{ readonly runtime: Runtime } | { readonly reason: string }> {
  // asked without its library, ONNX Runtime prints errors of its own before it throws
  if (device === "cuda" && !cudaProviderInstalled()) return { reason: "ONNX Runtime's CUDA provider is not installed" };
  const runtime = startRuntime({ device, threads });
  try {
    const graph = new Graph();
    const x = graph.input("x", [2]);
    graph.output("y", add(x, x));
    const session = await runtime.open(graph);
    const { y } = await session.run({ x: { data: Float32Array.of(1, 2), shape: [2] } });
    await session.release();
    if (y.data[0] !== 2 || y.data[1] !== 4) throw new Error(`1+1, 2+2 gave ${y.data}`);
    return { runtime };
  } catch (error) {
    await runtime.close();
    const [line] = (error instanceof Error ? error.message : String(error)).split("\n");
    return { reason: line.replace(/^.* was false\. /, "") }; // without the failed C++ condition
  }
}

function cudaProviderInstalled(): boolean {
  const name = process.platform === "win32" ? "onnxruntime_providers_cuda.dll" : "libonnxruntime_providers_cuda.so";
  const root = join(dirname(createRequire(import.meta.url).resolve("onnxruntime-node")), "..");
  return existsSync(join(root, "bin", "napi-v6", process.platform, process.arch, name));
}
