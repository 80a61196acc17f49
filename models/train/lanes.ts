/**
 * @file Data-parallel training on the CPU: lanes of one thread each, in worker threads, over parameters in shared memory. Each lane takes the
 * next micro-batch from a shared counter, so that a lane on a busy core only takes fewer. A step is
 *   1. every lane: gradients of micro-batches until the counter has run out
 *   2. every lane, on its part of the parameters: the sum of the lanes' gradients and its square
 *   3. every lane, on its part: AdamW and the running average
 */
import "../../kernel-lib/engine/telemetry.js"; // in this thread, before a lane loads ONNX Runtime
import { Worker } from "node:worker_threads";
import type { Device } from "../../kernel-lib/engine/device.js";
import type { Slot, TrainingArrays } from "./layout.js";
import type { AdamRates } from "./optimizer.js";
import { clipScale } from "./optimizer.js";
import type { SharedData } from "./training.js";

/** What a lane is started with. */
export interface LaneSetup {
  /** the module whose TRAININGS has the training: a lane imports it, for functions cannot be sent to a thread */
  readonly table: string;
  readonly training: string;
  readonly device: Device;
  readonly model: Uint8Array;
  readonly slots: readonly Slot[];
  readonly arrays: TrainingArrays;
  readonly shared: SharedData;
  readonly lane: number;
  readonly lanes: number;
}

export type LaneRequest =
  | { readonly kind: "gradients"; readonly seed: number; readonly microBatches: number }
  | { readonly kind: "fold" }
  | { readonly kind: "update"; readonly rates: AdamRates }
  | { readonly kind: "end" };
/** What each request is answered with. */
export interface LaneReply {
  /** of each micro-batch that the lane took */
  readonly values?: readonly Readonly<Record<string, number>>[];
  readonly square?: number;
}

export interface StepRates extends Omit<AdamRates, "scale"> {
  /** batches are drawn from it */
  readonly seed: number;
}

export interface Lanes {
  /** One step. @returns the means of what the loss graph names, and the gradient's norm before clipping; where it is not finite, nothing was updated */
  step(rates: StepRates): Promise<Readonly<Record<string, number>>>;
  close(): Promise<void>;
}

export async function startLanes(setup: Omit<LaneSetup, "lane">, microBatches: number): Promise<Lanes> {
  const workers = Array.from(
    { length: setup.lanes },
    (_, lane) => new Worker(new URL("./lane.js", import.meta.url), { workerData: { ...setup, lane } satisfies LaneSetup }),
  );
  const answer = (worker: Worker): Promise<LaneReply> =>
    new Promise((resolve, reject) => {
      const done = () => {
        worker.off("message", answered).off("error", failed);
      };
      const answered = (reply: LaneReply) => {
        done();
        resolve(reply);
      };
      const failed = (error: Error) => {
        done();
        reject(error);
      };
      worker.on("message", answered).on("error", failed);
    });
  const all = (request: LaneRequest): Promise<LaneReply[]> =>
    Promise.all(
      workers.map((worker) => {
        const reply = answer(worker);
        worker.postMessage(request);
        return reply;
      }),
    );
  await Promise.all(workers.map(answer)); // each says once that it is ready
  const { next } = setup.arrays;
  return {
    async step({ seed, ...rates }) {
      Atomics.store(next, 0, 0);
      const values = (await all({ kind: "gradients", seed, microBatches })).flatMap((reply) => reply.values ?? []);
      const squares = await all({ kind: "fold" });
      const norm = Math.sqrt(squares.reduce((sum, { square = 0 }) => sum + square, 0)) / microBatches;
      if (Number.isFinite(norm)) await all({ kind: "update", rates: { ...rates, scale: clipScale(norm) / microBatches } });
      const names = Object.keys(values[0]);
      const mean = (name: string) => values.reduce((sum, each) => sum + each[name], 0) / values.length;
      return { ...Object.fromEntries(names.map((name) => [name, mean(name)])), norm };
    },
    async close() {
      for (const worker of workers) worker.postMessage({ kind: "end" } satisfies LaneRequest);
      await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once("exit", resolve))));
    },
  };
}
