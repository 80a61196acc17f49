/** @file The queue of a model: its name, its jobs, and how runs are put into it and taken out. BullMQ is loaded with the first queue. */
import { basename, resolve } from "node:path";
import type { JobsOptions, Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { SweepKeep } from "../paint-run.js";
import type { PlannedRun } from "../plan-runs.js";
import { MOST_DEATHS } from "../run-list.js";
import type { SweepFolder, SweepRun } from "../sweep-folder.js";
import { modelName } from "../worker-model.js";

/** What a job carries: all that a worker needs to find the folder and to make the run. */
export interface SweepJob {
  readonly format: 1;
  /** the sweep's id: the worker proves by it that it sees the very folder */
  readonly sweep: string;
  /** the sweep's folder, absolute */
  readonly out: string;
  readonly key: string;
  readonly run: PlannedRun;
  readonly keep: readonly SweepKeep[];
}

/** How far a worker is at a run. */
export interface JobProgress {
  readonly step: number;
  readonly steps: number;
  readonly host: string;
  readonly device: string;
}

/** What a worker returns. */
export interface JobResult {
  readonly outcome: "painted" | "there" | "dropped" | "cancelled";
  readonly seconds: number;
  readonly host: string;
}

/** One queue a model, so that a worker loads one model and never gets another's run. */
export const queueName = (model: string): string => `veduta-${basename(model).replaceAll(/[^\w.-]/g, "_")}`;

/** A run's job. The same run of the same sweep is in a queue once. */
export const jobId = (sweep: string, key: string): string => `${sweep}-${key}`;

/** The key of a job of a sweep; undefined for a job of another. */
export const keyOfJob = (sweep: string, id: string): string | undefined =>
  id.startsWith(`${sweep}-`) ? id.slice(sweep.length + 1) : undefined;

/** The name under which Redis keeps that a sweep is cancelled. */
export const cancelName = (sweep: string): string => `veduta:cancelled:${sweep}`;

/** A worker's lock on a run, in milliseconds, renewed while it lives; and how often a run may lose its worker before it fails. */
export const LOCK = { duration: 60_000, maxStalled: MOST_DEATHS } as const;

/** Jobs that are sent at once. */
const PIECE = 500;
const FAILED_KEPT = { age: 7 * 24 * 3600 }; // seconds
const BACKOFF = { type: "exponential", delay: 1000 } as const;
/** The largest priority that BullMQ knows. */
const MOST_PRIORITY = 2 ** 21;

/** Opens a queue. */
export async function openQueue(connection: Redis, model: string): Promise<Queue<SweepJob, JobResult>> {
  const { Queue } = await import("bullmq");
  const queue = new Queue<SweepJob, JobResult>(queueName(model), { connection });
  queue.on("error", () => {}); // the connection's own notes tell of a Redis that is away
  return queue as unknown as Queue<SweepJob, JobResult>;
}

/** A sweep's place in a queue. */
export interface QueuedSweep {
  readonly queue: Queue<SweepJob, JobResult>;
  readonly folder: SweepFolder;
  readonly keep: readonly SweepKeep[];
  /** of a run that throws */
  readonly attempts: number;
}

/** Puts runs into the queue; those that wait there already stay as they are. The first of each sweep come first, so that sweeps share the workers. */
export async function enqueue({ queue, folder, keep, attempts }: QueuedSweep, runs: readonly SweepRun[]): Promise<void> {
  const { id, plan } = folder.info;
  const out = resolve(folder.dir);
  const places = new Map(folder.runs.map(({ key }, k) => [key, k] as const));
  const jobs = runs.map(({ key, method, options }) => ({
    name: plan.command ?? "paint",
    data: { format: 1, sweep: id, out, key, run: { method, options }, keep } satisfies SweepJob,
    opts: {
      jobId: jobId(id, key),
      attempts,
      backoff: BACKOFF,
      priority: Math.min(MOST_PRIORITY, 1 + (places.get(key) ?? 0)),
      removeOnComplete: true,
      removeOnFail: FAILED_KEPT,
    } satisfies JobsOptions,
  }));
  for (let k = 0; k < jobs.length; k += PIECE) await queue.addBulk(jobs.slice(k, k + PIECE) as never);
}

/** The runs that are not in the queue in any state, such as after a Redis lost its memory. */
export async function notQueued(
  { queue, folder }: Pick<QueuedSweep, "queue" | "folder">,
  runs: readonly SweepRun[],
  connection: Redis,
): Promise<readonly SweepRun[]> {
  const lost: SweepRun[] = [];
  for (let k = 0; k < runs.length; k += PIECE) {
    const piece = runs.slice(k, k + PIECE);
    const asked = connection.pipeline();
    for (const { key } of piece) asked.exists(queue.toKey(jobId(folder.info.id, key)));
    const answers = (await asked.exec()) ?? [];
    lost.push(...piece.filter((_, j) => answers[j]?.[1] === 0));
  }
  return lost;
}

/** The runs of a sweep that the queue calls failed, with their reasons. */
export async function failedJobs(
  { queue, folder }: Pick<QueuedSweep, "queue" | "folder">,
  connection: Redis,
): Promise<ReadonlyMap<string, string>> {
  const ids = await connection.zrange(queue.toKey("failed"), "0", "-1");
  const failed = new Map<string, string>();
  for (const id of ids) {
    const key = keyOfJob(folder.info.id, id);
    if (key !== undefined) failed.set(key, (await connection.hget(queue.toKey(id), "failedReason")) ?? "failed");
  }
  return failed;
}

/** Takes jobs of a sweep out of the queue, but for those that a worker has. @returns how many */
export async function dequeue({ queue, folder }: Pick<QueuedSweep, "queue" | "folder">, keys: Iterable<string>): Promise<number> {
  const all = [...keys];
  let taken = 0;
  for (let k = 0; k < all.length; k += PIECE) {
    const removed = all.slice(k, k + PIECE).map((key) => queue.remove(jobId(folder.info.id, key)).catch(() => 0)); // one that is locked is a worker's
    taken += (await Promise.all(removed)).reduce((a, b) => a + b, 0);
  }
  return taken;
}

/** The name of a sweep's model, which its queue is named after. */
export const sweepModel = ({ info }: SweepFolder): string => modelName(info.plan);
