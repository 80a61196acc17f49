/** @file A worker of a queue: one model, loaded once, one run at a time. */

import { stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import type { Job, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { paintRun } from "../paint-run.js";
import { deathError, failedRun, MOST_DEATHS } from "../run-list.js";
import { readInfo, SWEEP_FILE, type SweepInfo, writeFailed } from "../sweep-folder.js";
import { isCurable, isDiskFull, workerError } from "../worker-messages.js";
import type { WorkerModel } from "../worker-model.js";
import { connectRedis, settingNotes } from "./redis.js";
import { cancelName, type JobProgress, type JobResult, LOCK, openQueue, queueName, type SweepJob } from "./sweep-queue.js";

/** Options of `workQueue`. */
export interface QueueWorkerOptions {
  readonly url: string;
  /** the name or the path that opened the model, which the queue is named after */
  readonly name: string;
  readonly model: WorkerModel;
  /** windows or rows per network call; default the plan's, else from the memory that is free */
  readonly batch?: number;
  /** where this machine sees folders of other machines */
  readonly at?: readonly { readonly from: string; readonly to: string }[];
  /** "empty": ends when no run waits; default "never" */
  readonly until?: "empty" | "never";
  /** milliseconds after which it takes no new run */
  readonly forTime?: number;
  /** milliseconds after which a worker that says nothing counts as dead, and its run waits again; default a minute */
  readonly lockFor?: number;
  /** gives the run back and ends, within one network call */
  readonly signal: AbortSignal;
  /** told of what a user should know */
  readonly say: (text: string) => void;
}

/** A worker that cannot see a sweep's folder asks again after so many milliseconds. */
const BLIND_FOR = 60_000;
/** Progress, and whether the sweep was cancelled, at most so often, in milliseconds. */
const PROGRESS_APART = 1000;
const EMPTY_LOOK = 1000;

/**
 * Works until `signal` aborts, or as the options say. A run is acknowledged only when it is whole in its folder.
 * @throws QueueError where no Redis answers within 10 s; the disk's error once it is full
 */
export async function workQueue(options: QueueWorkerOptions): Promise<void> {
  const { url, name, signal, say, until = "never", forTime, lockFor = LOCK.duration } = options;
  const { Worker: QueueWorker } = await import("bullmq");
  const connection = await connectRedis(url, say);
  const blocking = connection.duplicate(); // waits for runs, so that nothing else can be asked through it
  const queue = await openQueue(connection, name);
  let broken: unknown;
  let busy = 0;
  let over = () => {};
  const ended = new Promise<void>((resolve) => {
    over = resolve;
  });
  for (const text of await settingNotes(connection)) say(text);
  const take = taker(options, connection, {
    pause: (milliseconds) => {
      void worker.pause(true);
      setTimeout(() => !worker.closing && worker.resume(), milliseconds).unref();
    },
    full: (error) => {
      broken = error;
      over();
    },
  });
  const worker: Worker<SweepJob, JobResult> = new QueueWorker<SweepJob, JobResult>(
    queueName(name),
    async (job, token) => {
      busy++;
      try {
        return await take(job, token as string);
      } finally {
        busy--;
      }
    },
    {
      connection: blocking,
      concurrency: 1,
      lockDuration: lockFor,
      stalledInterval: lockFor / 2,
      maxStalledCount: LOCK.maxStalled,
    },
  ) as unknown as Worker<SweepJob, JobResult>;
  worker.on("error", () => {}); // the connection's own notes tell of a Redis that is away
  worker.on("failed", (job, error) => void (job && tellDeaths(job, error, options)));
  const watch = setInterval(async () => {
    if (until !== "empty" || busy > 0 || connection.status !== "ready") return;
    const { waiting = 0, prioritized = 0, delayed = 0 } = await queue.getJobCounts("waiting", "prioritized", "delayed");
    if (waiting + prioritized + delayed === 0 && busy === 0) over();
  }, EMPTY_LOOK);
  const late = forTime === undefined ? undefined : setTimeout(over, forTime);
  signal.addEventListener("abort", over, { once: true });
  if (signal.aborted) over();
  await ended;
  clearInterval(watch);
  clearTimeout(late);
  await worker.close(); // waits for the run that is under way: it goes back within one network call, or, where only the time is over, ends
  await queue.close();
  for (const each of [blocking, connection]) each.disconnect(); // BullMQ leaves those open that it was given
  if (broken !== undefined) throw broken;
}

interface Hooks {
  readonly pause: (milliseconds: number) => void;
  readonly full: (error: unknown) => void;
}

/** Makes the function that makes one run. */
function taker({ model, batch, at = [], signal, say }: QueueWorkerOptions, connection: Redis, { pause, full }: Hooks) {
  const seen = folderReader();
  const refused = new Set<string>();
  const host = hostname();
  return async (job: Job<SweepJob, JobResult>, token: string): Promise<JobResult> => {
    const { WaitingError, UnrecoverableError } = await import("bullmq");
    const giveBack = async (): Promise<never> => {
      await job.moveToWait(token);
      throw new WaitingError();
    };
    const { sweep: id, key, run, keep } = job.data;
    const dir = seenAt(job.data.out, at);
    const found = await seen(dir);
    const why = refusal(job.data, dir, found, model);
    if (found === undefined || why !== undefined) {
      if (!refused.has(id)) say(why as string);
      refused.add(id);
      pause(BLIND_FOR);
      return giveBack();
    }
    const cancelled = new AbortController();
    const begun = performance.now();
    let told = Number.NEGATIVE_INFINITY;
    const tell = async (step: number, steps: number): Promise<void> => {
      told = performance.now();
      const progress: JobProgress = { step, steps, host, device: model.device };
      await job.updateProgress(progress as unknown as object);
      if (await connection.exists(cancelName(id))) cancelled.abort();
    };
    const progress = (step: number, steps: number) => {
      if (performance.now() - told >= PROGRESS_APART) tell(step, steps).catch(() => {}); // a Redis that is away hears of the end
    };
    tell(0, 0).catch(() => {});
    try {
      const outcome = await paintRun(
        model,
        { dir, info: found },
        { key, ...run },
        {
          keep,
          batch,
          signal: AbortSignal.any([signal, cancelled.signal]),
          progress,
        },
      );
      return { outcome, seconds: (performance.now() - begun) / 1000, host };
    } catch (error) {
      if (cancelled.signal.aborted) return { outcome: "cancelled", seconds: 0, host };
      if (signal.aborted) return giveBack();
      const reason = workerError(error);
      const attempt = job.attemptsMade + 1;
      const last = !isCurable(reason) || isDiskFull(reason) || attempt >= (job.opts.attempts ?? 1);
      if (last) await writeFailed(dir, key, failedRun(reason, attempt)).catch(() => {}); // the sweep writes it then
      if (isDiskFull(reason)) {
        say(`the disk of ${dir} is full; this worker takes no further run`);
        full(error);
      }
      throw last ? new UnrecoverableError(`${reason.name}: ${reason.message}`) : error;
    }
  };
}

/** Why a worker does not take a sweep's run; undefined: it does. */
function refusal(job: SweepJob, dir: string, info: SweepInfo | undefined, model: WorkerModel): string | undefined {
  if (info === undefined || info.id !== job.sweep)
    return `${dir}: ${info === undefined ? "no sweep is seen there from here" : "another sweep is there"}, so its runs are given back; --at FROM=TO says where this machine sees a folder`;
  if (info.model.digest !== model.digest)
    return `${dir}: its model is ${info.model.name}, digest ${info.model.digest.slice(0, 12)}, and this worker's has ${model.digest.slice(0, 12)}; its runs are given back`;
  return undefined;
}

/** The folder as this machine sees it. */
export function seenAt(out: string, at: readonly { readonly from: string; readonly to: string }[]): string {
  for (const { from, to } of at)
    if (out === from || out.startsWith(`${from.replace(/\/$/, "")}/`)) return resolve(to, `.${out.slice(from.replace(/\/$/, "").length)}`);
  return out;
}

/** Reads sweep.json again only where it has changed. */
function folderReader(): (dir: string) => Promise<SweepInfo | undefined> {
  const known = new Map<string, { readonly stamp: string; readonly info: SweepInfo | undefined }>();
  return async (dir) => {
    const file = join(dir, SWEEP_FILE);
    const found = await stat(file).catch(() => undefined);
    if (!found) return undefined;
    const stamp = `${found.mtimeMs} ${found.size} ${found.ino}`;
    const last = known.get(dir);
    if (last?.stamp === stamp) return last.info;
    const info = await readInfo(file);
    known.set(dir, { stamp, info });
    return info;
  };
}

/** A run that killed its workers is failed by the queue, and no worker of it is left to say so. */
async function tellDeaths(job: Job<SweepJob, JobResult>, error: Error, { at = [] }: QueueWorkerOptions): Promise<void> {
  if (!error.message.includes("stalled more than allowable limit")) return;
  const { host = "an unknown machine" } = (typeof job.progress === "object" ? job.progress : {}) as Partial<JobProgress>;
  const dir = seenAt(job.data.out, at);
  if ((await readInfo(join(dir, SWEEP_FILE)).catch(() => undefined))?.id !== job.data.sweep) return;
  await writeFailed(dir, job.data.key, failedRun(deathError(MOST_DEATHS + 1, host), MOST_DEATHS + 1, host)).catch(() => {});
}
