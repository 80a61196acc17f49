/** @file How many workers a machine takes, and with how many threads each. */
import { readdirSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { availableBytes } from "../engine/memory.js";
import { placeOf } from "../pipelines/place.js";
import type { SweepPlan } from "./plan.js";
import type { SweepRun } from "./sweep-folder.js";
import { modelName } from "./worker-model.js";

/** Workers of one machine. */
export interface WorkerCount {
  readonly workers: number;
  /** of them on a GPU, which all would share */
  readonly onGpu: number;
  /** of each */
  readonly threads: number;
}

/** What the machine has. */
export interface Machine {
  readonly cores: number;
  /** bytes that are free */
  readonly free: number;
  /** bytes that one worker needs */
  readonly worker: number;
}

/**
 * As many workers as are asked for; else one for each core, or each group of `threads` cores, as far as they fit into memory. The workers share the
 * cores: there are never more threads than cores, but for what is asked for.
 */
export function workerCount(
  asked: { readonly workers?: number; readonly threads?: number },
  { cores, free, worker }: Machine,
): WorkerCount {
  const fitting = Math.max(1, Math.min(Math.floor(cores / (asked.threads ?? 1)), Math.floor(free / worker)));
  const workers = asked.workers ?? fitting;
  return { workers, onGpu: asked.workers ?? 1, threads: asked.threads ?? Math.max(1, Math.floor(cores / workers)) };
}

/** This machine, for the runs of a plan. */
export const machineFor = (plan: SweepPlan, runs: readonly SweepRun[]): Machine => ({
  cores: availableParallelism(),
  free: availableBytes(),
  worker: workerBytes(weightBytes(placeOf(modelName(plan))), pixelsOf(runs)),
});

/** A worker's process with the library and the runtime (the bundled model: 124 MB opened, 755 MB after SyncDiffusion at 768 px). */
const PROCESS_BYTES = 500e6;
/** Weights as loaded, repacked, and of the gradient's session beside the noise's. */
const COPIES_OF_WEIGHTS = 3;
/** The decoder's activations at full size: three values of 128 channels of float32 and some. */
const BYTES_OF_PIXEL = 2048;

/** Bytes that one worker needs, roughly: the process, the weights, the decoder on the largest picture. */
export const workerBytes = (weights: number, pixels: number): number =>
  PROCESS_BYTES + COPIES_OF_WEIGHTS * weights + BYTES_OF_PIXEL * pixels;

/** Pixels of the largest picture whose size the plan says. */
const pixelsOf = (runs: readonly SweepRun[]): number =>
  runs.reduce((most, { options: { width = 0, height = 512 } }) => Math.max(most, Number(width) * Number(height)), 0);

/** Bytes of a checkpoint's files. */
function weightBytes(place: string): number {
  const found = statSync(place);
  if (!found.isDirectory()) return found.size;
  return readdirSync(place).reduce((sum, name) => sum + weightBytes(join(place, name)), 0);
}
