/** @file Which device sessions run on: the one asked for, or the best that is there, proved by running a graph on it. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { DeviceError, reasonOf } from "../core/errors.js";
import { Graph } from "../graph/graph.js";
import type { Precision } from "../graph/half.js";
import { conv } from "../graph/ops/conv.js";
import { cast } from "../graph/ops/elementwise.js";
import { matmul } from "../graph/ops/matmul.js";
import { reshape } from "../graph/ops/shape.js";
import type { Device, DeviceChoice } from "./device.js";
import { type Runtime, startRuntime } from "./runtime.js";
import { settleTf32, type Tf32 } from "./tf32.js";
import { raceWebgpu } from "./webgpu-race.js";

export interface DeviceOptions {
  /** threads of the CPU */
  readonly threads: number;
  /** that networks will run in; default float16 on cuda, float32 elsewhere (DEFAULT_PRECISION) */
  readonly precision?: Precision;
}

export interface DeviceRuntime {
  readonly runtime: Runtime;
  readonly precision: Precision;
  /** what "auto" chose, and why not the others */
  readonly notices: readonly string[];
}

/**
 * CUDA's kernels sum in float32, GPUs that people own hold Stable Diffusion and its gradient in half precision alone, and the official code
 * of SyncDiffusion runs in it there. WebGPU's kernels sum in the precision of their inputs, and the CPU is slower in half precision.
 */
export const DEFAULT_PRECISION: Readonly<Record<Device, Precision>> = { cpu: "float32", cuda: "float16", webgpu: "float32" };

/**
 * Starts a runtime on a device. "auto" tries cuda, then webgpu, then takes the cpu. A software adapter of WebGPU answers like a GPU and is slower
 * than the CPU, so webgpu is taken where a convolution is faster on it. In float32 on cuda, TF32 is turned off for this process, by
 * NVIDIA_TF32_OVERRIDE=0 where the environment does not name it; after a model in float16 that is too late, and float32 is refused.
 * @throws DeviceError where the device that was asked for is not there: which are, and how to get it
 */
export async function openDevice(choice: DeviceChoice, options: DeviceOptions): Promise<DeviceRuntime> {
  return choice === "auto" ? openBest(options) : openAsked(choice, options);
}

async function openAsked(device: Device, options: DeviceOptions): Promise<DeviceRuntime> {
  const opened = await tryDevice(device, options);
  const inVain = device === "cpu" && options.precision === "float16";
  if ("runtime" in opened) {
    const { notice = inVain ? "precision float16: on the cpu it is slower than float32" : undefined, ...started } = opened;
    return { ...started, notices: notice === undefined ? [] : [notice] };
  }
  const there = device === "cpu" ? [] : ["cpu"];
  for (const other of (["cuda", "webgpu"] as const).filter((name) => name !== device)) if (await works(other, options)) there.push(other);
  throw new DeviceError(`device ${device}: not there (${opened.reason}); there are: ${there.join(", ") || "none"}. ${howToGet(device)}`);
}

async function openBest(options: DeviceOptions): Promise<DeviceRuntime> {
  const cuda = await tryDevice("cuda", options);
  if ("runtime" in cuda) {
    const { notice, ...started } = cuda;
    return { ...started, notices: [`device auto: cuda, ${cuda.precision}`, ...(notice === undefined ? [] : [notice])] };
  }
  const why = [`cuda is not there (${cuda.reason})`];

  const race = await raceWebgpu({ threads: options.threads, precision: options.precision ?? DEFAULT_PRECISION.webgpu });
  if ("reason" in race) why.unshift(`webgpu is not there (${race.reason})`);
  else {
    const [gpu, cpu] = [race.webgpu, race.cpu].map((ms) => `${Number(ms.toPrecision(2))} ms`);
    const times = `a convolution takes ${gpu} on it and ${cpu} on the cpu`;
    const opened = race.webgpu < race.cpu ? await tryDevice("webgpu", options) : { reason: `slower: ${times}` };
    if ("runtime" in opened) return { ...opened, notices: [`device auto: webgpu, ${opened.precision}; ${times}; ${why}`] };
    why.unshift(`webgpu is not taken (${opened.reason})`);
  }
  const cpu = await openAsked("cpu", options);
  return { ...cpu, notices: [`device auto: cpu; ${why.join("; ")}`, ...cpu.notices] };
}

async function works(device: Device, options: DeviceOptions): Promise<boolean> {
  // in a process of its own: without a driver, WebGPU prints warnings of its own
  if (device === "webgpu") return !("reason" in (await raceWebgpu({ threads: options.threads, precision: "float32" })));
  const opened = await tryDevice(device, options);
  if ("runtime" in opened) await opened.runtime.close();
  return "runtime" in opened;
}

type Attempt = (Pick<DeviceRuntime, "runtime" | "precision"> & { readonly notice?: string }) | { readonly reason: string };

/** As this process was started. */
const OVERRIDE = process.env.NVIDIA_TF32_OVERRIDE;
let settled: Tf32 | undefined;

/** Runs a convolution and a matrix product on the device, in the precision that it is to have. */
async function tryDevice(device: Device, { threads, precision = DEFAULT_PRECISION[device] }: DeviceOptions): Promise<Attempt> {
  // asked without its library, ONNX Runtime prints errors of its own before it throws
  if (device === "cuda" && !existsSync(cudaProvider())) return { reason: "ONNX Runtime's CUDA provider is not installed" };
  const tf32 = device === "cuda" ? settleTf32(precision, settled, OVERRIDE) : undefined;
  if (tf32?.refused !== undefined) return { reason: tf32.refused };
  if (tf32?.state.products === "exact") process.env.NVIDIA_TF32_OVERRIDE ??= "0";
  const runtime = startRuntime({ device, threads });
  try {
    const graph = new Graph();
    const [x, w, m] = [
      [1, 4, 4, 4],
      [4, 4, 3, 3],
      [4, 4],
    ].map((shape, k) => graph.input("xwm"[k], shape));
    const [hx, hw, hm] = [x, w, m].map((value) => cast(value, precision));
    graph.output("y", cast(matmul(reshape(conv(hx, hw), [4, 4]), hm), "float32"));
    const session = await runtime.open(graph);
    const ones = ({ shape }: { readonly shape: readonly number[] }) => ({
      data: new Float32Array(shape.reduce((a, b) => a * b)).fill(1),
      shape,
    });
    const { y } = await session.run({ x: ones(x), w: ones(w), m: ones(m) });
    await session.release();
    if (y.data.some((number) => number !== 144)) throw new Error(`a convolution and a product of ones, 144 each, gave ${y.data}`);
    settled = tf32?.state ?? settled;
    return { runtime, precision, ...(tf32?.notice !== undefined && { notice: tf32.notice }) };
  } catch (error) {
    await runtime.close();
    return { reason: reasonOf(error) };
  }
}

function howToGet(device: Device): string {
  if (device === "webgpu") return "WebGPU needs a GPU with a Vulkan, Metal or Direct3D 12 driver";
  if (device === "cpu") return "";
  const install = join(onnxRuntime(), "script", "install.js");
  return `CUDA needs Linux x64, an NVIDIA GPU with CUDA 12 and cuDNN 9, and ONNX Runtime's CUDA provider: node ${install} --onnxruntime-node-install`;
}

const cudaProvider = (): string =>
  join(onnxRuntime(), "bin", "napi-v6", process.platform, process.arch, "libonnxruntime_providers_cuda.so");

const onnxRuntime = (): string => join(dirname(createRequire(import.meta.url).resolve("onnxruntime-node")), "..");
