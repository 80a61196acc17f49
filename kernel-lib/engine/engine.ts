/** @file Runs programs on a device: plans, sessions and batches stay behind one function, `call`. */
import { ClosedError, ShapeError } from "../core/errors.js";
import type { DeviceTensor, Tensor } from "../core/tensor.js";
import type { Precision } from "../graph/half.js";
import type { Device, DeviceChoice } from "./device.js";
import { openDevice } from "./devices.js";
import { gpuMemory, sharedGpu } from "./gpu-memory.js";
import { openLanes } from "./lanes.js";
import { availableBytes } from "./memory.js";
import { expectFit, type MemoryDemand } from "./memory-demand.js";
import { type AnyProgram, type Plan, planner } from "./plan.js";
import { type Program, type ProgramFeeds, type ProgramResults, SEND } from "./program.js";
import { gpuPool, planBatch, sessionPool } from "./session-pool.js";

/** Where an engine runs. */
export interface EngineOptions {
  readonly device: DeviceChoice;
  /** of the networks that have a choice; default by device */
  readonly precision?: Precision;
  /** of the CPU */
  readonly threads: number;
  /** rows that one network call takes at most, where a call does not say; default what the memory that is free takes, 8 at most */
  readonly mostRows?: number;
}

/** T, from which no type parameter is inferred: NoInfer of TypeScript 5.4, since the package's types are read by 5.0. */
export type Uninferred<T> = [T][T extends unknown ? 0 : never];

/** What a device offers besides, where results can stay on it. */
export interface OnDevice {
  /** Runs one call of one row; its results stay on the device. */
  call<Size extends object, Rows extends string, Shared extends string, Out extends string>(
    program: Program<Size, Rows, Shared, Out>,
    size: Size,
    feeds: Uninferred<ProgramFeeds<Rows, Shared>>,
  ): Promise<Readonly<Record<Out, DeviceTensor>>>;
  /** Sends a tensor to the device. */
  toDevice(x: Tensor): Promise<DeviceTensor>;
}

/** Programs on a device. Every call after `close` throws a ClosedError. */
export interface Engine {
  readonly device: Device;
  readonly precision: Precision;
  readonly threads: number;
  /** what "auto" chose and why not the others */
  readonly notices: readonly string[];
  /**
   * Runs a program on any number of rows, at least one.
   * @param feeds `rows`, N rows each, and `shared`
   * @param batch rows per network call; default as many as the memory that is free takes
   * @param signal aborts a call on another machine; one on this machine ends by itself
   * @returns the outputs, N rows each
   * @throws ShapeError where there are no rows, RangeError where `batch` is no whole number >= 1
   */
  call<Size extends object, Rows extends string, Shared extends string, Out extends string>(
    program: Program<Size, Rows, Shared, Out>,
    size: Size,
    feeds: Uninferred<ProgramFeeds<Rows, Shared>>,
    batch?: number,
    signal?: AbortSignal,
  ): Promise<ProgramResults<Out>>;
  /** absent where results cannot stay on the device */
  readonly onDevice?: OnDevice;
  /** How a program runs at a size. */
  plan<Size extends object>(program: AnyProgram<Size>, size: Size): Plan;
  /** @throws MemoryError where calls that are made one after the other would not fit into the memory that is free */
  expectFit(demands: readonly MemoryDemand[]): void;
  /** @throws ClosedError naming who asked, once the engine is closed */
  expectOpen(who: string): void;
  /** Ends the sessions and frees their memory; twice is once. */
  close(): Promise<void>;
}

/**
 * Starts an engine.
 * @throws DeviceError for a device that is not there
 */
export async function openEngine({ device, precision: asked, threads, mostRows }: EngineOptions): Promise<Engine> {
  const { runtime, precision, notices: chosen } = await openDevice(device, { threads, precision: asked });
  const gpu = runtime.options.device === "cuda" ? gpuMemory() : undefined; // before anything is loaded
  const notices = device === "auto" && gpu !== undefined ? [...chosen, sharedGpu(gpu.free)] : chosen;
  const freeBytes = gpu === undefined ? availableBytes : () => gpu.free;
  const pool = sessionPool([runtime], gpu && gpuPool(gpu.free));
  const lanes = openLanes(runtime.options);
  const plan = planner(freeBytes, { lanes: lanes?.count, mostRows, gpuBytes: gpu?.total });
  let closed = false;
  const expectOpen = (who: string): void => {
    if (closed) throw new ClosedError(`${who}: the model is closed; open it again`);
  };

  const call: Engine["call"] = async (program, size, feeds, batch) => {
    expectOpen(program.name);
    const [n] = Object.values<Pick<Tensor, "shape">>(feeds.rows)[0].shape;
    if (n < 1) throw new ShapeError(program.name, { got: "no rows", want: "at least one" });
    if (batch !== undefined && (!Number.isSafeInteger(batch) || batch < 1))
      throw new RangeError(`batch ${batch}: want a whole number >= 1`);
    const { name, graph, mostRows, lanes: how } = plan(program, size);
    const most = batch ?? (n === 1 ? 1 : mostRows());
    const shared = how === "shared" ? lanes?.planBatch(n, most) : undefined;
    if (lanes && shared) return lanes.run(name, graph, shared, feeds);
    return pool.run(name, graph, planBatch(n, most), feeds);
  };

  const { runOnDevice } = pool;
  const callOnDevice: OnDevice["call"] | undefined =
    runOnDevice &&
    (async (program, size, feeds) => {
      expectOpen(program.name);
      const { name, graph } = plan(program, size);
      return runOnDevice(name, () => graph(1), { ...feeds.rows, ...feeds.shared });
    });
  const onDevice: OnDevice | undefined = callOnDevice && {
    call: callOnDevice,
    toDevice: async (given) => (await callOnDevice(SEND, { shape: given.shape }, { rows: { given } })).sent,
  };

  return {
    device: runtime.options.device,
    precision,
    threads,
    notices,
    call,
    onDevice,
    plan,
    expectFit: (demands) => expectFit(demands, freeBytes()),
    expectOpen,
    async close() {
      closed = true;
      await Promise.all([runtime.close(), lanes?.close()]);
    },
  };
}
