/**
 * @file Lanes: sessions of one thread each that share the calls of a batch. Threads that share single operators wait for each other at every one of
 * them, and spin meanwhile; lanes wait for nothing, so that they are faster on a quiet machine, and a busy core costs only its own share.
 */
import { once } from "../core/once.js";
import { startRuntime } from "./runtime.js";
import type { SessionOptions } from "./session.js";
import { type BatchPlan, type SessionPool, sessionPool } from "./session-pool.js";

/** More lanes than this would leave each without rows; then each has several threads. */
const MOST_LANES = 4;
/**
 * Rows of one call: two to eight take the same time a row, and fewer take less memory. A gradient of one row is rounded otherwise than the same row
 * among others, so that one row a call would make numbers depend on the lanes.
 */
const ROWS = 2;

/** The lanes of an engine. */
export interface Lanes extends Pick<SessionPool, "run"> {
  readonly count: number;
  /** Splits n rows into calls for the lanes. @param most rows that may be under way together @returns undefined where they are too few to share */
  planBatch(n: number, most: number): BatchPlan | undefined;
  /** Ends the lanes; before their first call there is nothing to end. */
  close(): Promise<void>;
}

/** Lanes for a CPU of several threads; their workers start at the first call. Other devices have none. */
export function openLanes({ device, threads }: SessionOptions): Lanes | undefined {
  if (device !== "cpu" || threads < 2) return undefined;
  const count = Math.min(threads, MOST_LANES);
  const share = Math.floor(threads / count);
  let started = false;
  const runtimes = once(() => {
    started = true;
    return Array.from({ length: count }, () => startRuntime({ device, threads: share }));
  });
  const pool = once(() => sessionPool(runtimes()));
  return {
    count,
    run: (...call) => pool().run(...call),
    planBatch: (n, most) => (n > ROWS && most >= ROWS * count ? { size: ROWS, calls: Math.ceil(n / ROWS) } : undefined),
    async close() {
      if (started) await Promise.all(runtimes().map((runtime) => runtime.close()));
    },
  };
}
