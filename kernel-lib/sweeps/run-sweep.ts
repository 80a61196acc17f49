/** @file The runs of a sweep that are missing, here or by workers elsewhere, and the report after them. */
import { finishSweep } from "./finish-sweep.js";
import { paintHere } from "./local-engine.js";
import type { SweepKeep } from "./paint-run.js";
import { sweepPartials } from "./partial-runs.js";
import type { PrepareOptions } from "./prepare-sweep.js";
import { paintByQueue } from "./queue/queue-engine.js";
import { inShard, type Shard } from "./shard.js";
import type { EngineEvent, SweepCounts, SweepEvent, SweepResult } from "./sweep-event.js";
import { readFailed, removeFailed, runsThere, type SweepFolder, type SweepRun } from "./sweep-folder.js";
import { machineFor, workerCount } from "./worker-count.js";

/** Options of `sweep`. */
export interface SweepOptions extends PrepareOptions {
  /** child processes; default one for each core, as far as memory goes, and one on a GPU; with `queue` none */
  readonly workers?: number;
  /** a Redis whose workers paint: redis:// or rediss://; default: child processes paint */
  readonly queue?: string;
  /** with `queue`: "detach" ends once the runs are in it; default "to the end" */
  readonly wait?: "detach" | "to the end";
  /** only every n-th run, for machines that share a folder and nothing else */
  readonly shard?: Shard;
  /** attempts of a run that throws; default 3 */
  readonly attempts?: number;
  /** whether failed runs are tried again; default "leave" */
  readonly failed?: "leave" | "retry";
  /** what each run's folder keeps beside its picture and its steps' numbers; default nothing */
  readonly keep?: readonly SweepKeep[];
  readonly signal?: AbortSignal;
}

/** Attempts of a run that throws. */
export const ATTEMPTS = 3;

/** Paints what is missing in a folder, and writes its report once all its runs are there or have failed. */
export async function* runSweep(folder: SweepFolder, options: Omit<SweepOptions, "out">): AsyncGenerator<SweepEvent, SweepResult, void> {
  const { signal, shard } = options;
  const { dir } = folder;
  await sweepPartials(dir);
  if (options.failed === "retry") for (const key of (await readFailed(folder)).keys()) await removeFailed(dir, key);
  const own = folder.runs.filter((_, k) => inShard(k, shard));
  const [all, reasons] = [await runsThere(folder), await readFailed(folder)];
  const keysOf = (runs: { has(key: string): boolean }) => new Set(own.filter(({ key }) => runs.has(key)).map(({ key }) => key));
  const there = keysOf(all);
  const failures = keysOf(reasons);
  for (const key of there) failures.delete(key);
  const counts = (): SweepCounts => ({ all: own.length, there: there.size, failed: failures.size });
  const missing = own.filter(({ key }) => !there.has(key) && !failures.has(key));
  if (missing.length > 0) {
    const left = new AbortController(); // a reader that leaves the loop ends the workers
    const engineSignal = AbortSignal.any([left.signal, ...(signal ? [signal] : [])]);
    const { workers, threads, events } = begun(folder, missing, { ...options, signal: engineSignal });
    yield { kind: "begin", workers, threads, counts: counts() };
    try {
      for await (const event of events) {
        if (event.kind === "done") there.add(event.key); // a queue may tell of one twice
        if (event.kind === "failed") failures.add(event.key);
        yield { ...event, counts: counts() };
      }
    } finally {
      left.abort();
    }
    signal?.throwIfAborted();
  }
  const report = yield* finishSweep(folder, counts(), options);
  return { out: dir, ...counts(), ...(report !== undefined && { report }) };
}

/** Begins to make runs, here or through a queue. */
function begun(
  sweep: SweepFolder,
  missing: readonly SweepRun[],
  {
    keep = [],
    attempts = ATTEMPTS,
    batch,
    device,
    precision,
    queue: url,
    wait = "to the end",
    signal,
    ...options
  }: Omit<SweepOptions, "out">,
): { readonly workers: number; readonly threads: number; readonly events: AsyncIterable<EngineEvent> } {
  const { workers, onGpu, threads } = workerCount(options, machineFor(sweep.info.plan, missing));
  const place = { device, precision, threads };
  const work = { sweep, missing, keep, attempts, signal };
  if (url === undefined)
    return { workers: Math.min(workers, missing.length), threads, events: paintHere({ ...work, batch, workers, onGpu, place }) };
  const count = options.workers ?? 0;
  return { workers: count, threads, events: paintByQueue({ ...work, url, wait, here: { count, batch, ...place } }) };
}
