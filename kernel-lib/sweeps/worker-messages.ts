/** @file What a sweep and its child processes say to each other, as JSON over Node's channel. */
import type { PaintOutcome, SweepKeep } from "./paint-run.js";
import type { WorkerPlace } from "./worker-model.js";

/** From the sweep to a child. */
export type ToWorker =
  | ({ readonly kind: "open"; readonly dir: string; readonly keep: readonly SweepKeep[]; readonly batch?: number } & WorkerPlace)
  | { readonly kind: "paint"; readonly key: string }
  /** ends after this network call, and paints nothing more */
  | { readonly kind: "stop" };

/** An error as it crosses processes. */
export interface WorkerError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
}

/** From a child to the sweep. */
export type FromWorker =
  | {
      readonly kind: "ready";
      readonly pid: number;
      readonly device: string;
      readonly precision: string;
      readonly notices: readonly string[];
    }
  /** the model cannot be opened, or is another */
  | { readonly kind: "broken"; readonly error: WorkerError }
  | { readonly kind: "progress"; readonly key: string; readonly step: number; readonly steps: number }
  | { readonly kind: "done"; readonly key: string; readonly outcome: PaintOutcome; readonly seconds: number }
  | { readonly kind: "failed"; readonly key: string; readonly error: WorkerError }
  | { readonly kind: "stopped"; readonly key: string };

/** An error as a message. */
export function workerError(error: unknown): WorkerError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message, stack, code } = error as NodeJS.ErrnoException;
  return { name, message, ...(stack && { stack }), ...(typeof code === "string" && { code }) };
}

/** Errors that the next try cannot cure: the run itself is wrong, or does not fit. */
const INCURABLE: ReadonlySet<string> = new Set(["RangeError", "TypeError", "ShapeError", "CheckpointError", "MemoryError", "NumericError"]);

/** Whether the next try may succeed. */
export const isCurable = ({ name }: WorkerError): boolean => !INCURABLE.has(name);

/** Whether the disk is full: no run can be written. */
export const isDiskFull = ({ code }: WorkerError): boolean => code === "ENOSPC" || code === "EDQUOT";
