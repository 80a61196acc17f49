/** @file Many runs: paints those of a plan that are not in its folder yet, here or by workers elsewhere. */
import { availableParallelism } from "node:os";
import { paintHere } from "./local-engine.js";
import type { SweepKeep } from "./paint-run.js";
import { sweepPartials } from "./partial-runs.js";
import type { SweepPlan } from "./plan.js";
import { type PrepareOptions, prepareSweep } from "./prepare-sweep.js";
import type { EngineEvent, SweepCounts, SweepEvent, SweepResult } from "./sweep-event.js";
import { keysThere, readFailed, removeFailed, type SweepFolder, type SweepRun } from "./sweep-folder.js";

/** Options of `sweep`. */
export interface SweepOptions extends PrepareOptions {
  /** child processes; default one for each core, as far as memory goes, and one on a GPU */
  readonly workers?: number;
  /** attempts of a run that throws; default 3 */
  readonly attempts?: number;
  /** failed runs are tried again; default "leave" */
  readonly failed?: "leave" | "retry";
  /** what each run's folder keeps beside its picture and its steps' numbers; default nothing */
  readonly keep?: readonly SweepKeep[];
  readonly signal?: AbortSignal;
}

/** A sweep on its way: an async iterator of its events, which returns the result. */
export interface Sweep extends AsyncGenerator<SweepEvent, SweepResult, void> {
  /** its folder */
  readonly out: string;
}

const ATTEMPTS = 3;

/**
 * Paints the runs of a plan that are not in its folder, and writes the report. What was painted stays: the same call goes on where it was.
 * @param plan a file, or its content
 * @throws RangeError for a wrong plan or option, before anything starts; the signal's reason once it is aborted: finished runs stay
 */
export function sweep(plan: SweepPlan | string, options: SweepOptions): Sweep {
  return Object.assign(sweeping(plan, options), { out: options.out });
}

async function* sweeping(plan: SweepPlan | string, options: SweepOptions): AsyncGenerator<SweepEvent, SweepResult, void> {
  const folder = await prepareSweep(plan, options);
  return yield* runSweep(folder, options);
}

/** Paints what is missing in a folder. */
export async function* runSweep(folder: SweepFolder, options: Omit<SweepOptions, "out">): AsyncGenerator<SweepEvent, SweepResult, void> {
  const { signal, keep = [], attempts = ATTEMPTS, batch, device, precision } = options;
  const { dir, runs } = folder;
  await sweepPartials(dir);
  const there = new Set(await keysThere(folder));
  const failed = await readFailed(folder);
  if (options.failed === "retry") for (const key of failed.keys()) await removeFailed(dir, key);
  const failures = new Set(options.failed === "retry" ? [] : [...failed.keys()].filter((key) => !there.has(key)));
  const counts = (): SweepCounts => ({ all: runs.length, there: there.size, failed: failures.size });
  const missing: readonly SweepRun[] = runs.filter(({ key }) => !there.has(key) && !failures.has(key));
  const cores = availableParallelism();
  const workers = options.workers ?? Math.max(1, Math.floor(cores / (options.threads ?? 1)));
  const threads = options.threads ?? Math.max(1, Math.floor(cores / workers));
  if (missing.length > 0) {
    yield { kind: "begin", workers, threads, counts: counts() };
    const place = { device, precision, threads };
    const events: AsyncIterable<EngineEvent> = paintHere({ sweep: folder, missing, workers, place, keep, batch, attempts, signal });
    for await (const event of events) {
      if (event.kind === "done") there.add(event.key);
      if (event.kind === "failed") failures.add(event.key);
      yield { ...event, counts: counts() };
    }
    signal?.throwIfAborted();
  }
  return { out: dir, ...counts() };
}
