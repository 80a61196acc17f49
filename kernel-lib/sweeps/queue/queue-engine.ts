/** @file Leaves runs to the workers of a queue, and looks on. The queue is a hint of who does what next; the folder says what is there. */
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { unlessStopped } from "../../core/host.js";
import { type EventQueue, eventQueue } from "../event-queue.js";
import type { SweepKeep } from "../paint-run.js";
import { failedRun } from "../run-list.js";
import type { EngineEvent } from "../sweep-event.js";
import { type RunFacts, readFailed, runsThere, type SweepFolder, type SweepRun, writeFailed } from "../sweep-folder.js";
import { type QueueChild, queueChildren } from "./queue-children.js";
import { connectRedis, settingNotes, shownUrl } from "./redis.js";
import {
  cancelName,
  dequeue,
  enqueue,
  failedJobs,
  type JobProgress,
  type JobResult,
  keyOfJob,
  notQueued,
  openQueue,
  type QueuedSweep,
  sweepModel,
} from "./sweep-queue.js";

/** What is left to a queue. */
export interface QueueWork {
  readonly url: string;
  readonly sweep: SweepFolder;
  readonly missing: readonly SweepRun[];
  readonly keep: readonly SweepKeep[];
  /** of a run that throws */
  readonly attempts: number;
  /** whether it ends once the runs are in the queue */
  readonly wait: "detach" | "to the end";
  /** workers that are started here beside those elsewhere, as long as it waits; default none */
  readonly here?: { readonly count: number } & Omit<QueueChild, "url" | "name" | "plan">;
  readonly signal?: AbortSignal;
}

/** The folder is looked at so often, in milliseconds. */
const LOOK_EVERY = 10_000;
/** A queue without a worker is told after so many milliseconds. */
const LONELY_AFTER = 30_000;

/**
 * Puts the missing runs into the queue and follows them until all are there or have failed, or `signal` aborts: then they stay in the queue.
 * @throws QueueError where no Redis answers within 10 s
 */
export function paintByQueue(work: QueueWork): AsyncIterable<EngineEvent> {
  const events = eventQueue<EngineEvent>();
  follow(work, events).then(
    () => events.end(),
    (error: unknown) => events.end(error),
  );
  return events;
}

async function follow(
  { url, sweep, missing, keep, attempts, wait, here, signal }: QueueWork,
  events: EventQueue<EngineEvent>,
): Promise<void> {
  const note = (text: string) => events.push({ kind: "note", text });
  const connection = await connectRedis(url, note);
  const blocking = connection.duplicate(); // waits for events, so that nothing else can be asked through it
  const queue = await openQueue(connection, sweepModel(sweep));
  const queued: QueuedSweep = { queue, folder: sweep, keep, attempts };
  let children: { stop(): void } | undefined;
  let listening: { close(): Promise<void> } | undefined;
  try {
    for (const text of await settingNotes(connection)) note(text);
    await connection.del(cancelName(sweep.info.id));
    await dequeue(queued, (await failedJobs(queued, connection)).keys()); // else the same job is not taken again
    const open = new Map(missing.map((run) => [run.key, run] as const));
    const told = new Set<string>();
    if (wait === "to the end") listening = await listen(queued, blocking, { open, told, events });
    await enqueue(queued, missing);
    if (here && wait === "to the end")
      children = queueChildren(here.count, { ...here, url, name: sweepModel(sweep), plan: sweep.info.plan }, note);
    if (wait === "to the end") await stoppable(untilThere(queued, { connection, url, open, told, events, signal }), signal);
  } finally {
    children?.stop();
    await closed([connection, blocking], [listening, queue]);
  }
}

interface Following {
  readonly connection: Redis;
  readonly url: string;
  /** runs that are neither there nor failed, as far as the folder was looked at */
  readonly open: Map<string, SweepRun>;
  /** of them, those whose end the queue has told of */
  readonly told: Set<string>;
  readonly events: EventQueue<EngineEvent>;
  readonly signal?: AbortSignal;
}

/** Tells of what the queue says, for show. @returns what is closed at the end */
async function listen(
  { queue, folder }: QueuedSweep,
  blocking: Redis,
  { open, told, events }: Pick<Following, "open" | "told" | "events">,
): Promise<{ close(): Promise<void> }> {
  const { QueueEvents } = await import("bullmq");
  const heard = new QueueEvents(queue.name, { connection: blocking });
  heard.on("error", () => {});
  const own = (id: string, tell: (key: string) => void) => {
    const key = keyOfJob(folder.info.id, id);
    if (key !== undefined && open.has(key)) tell(key);
  };
  heard.on("progress", ({ jobId: id, data }) =>
    own(id, (key) => {
      const progress = data as unknown as JobProgress;
      events.push({ ...progress, kind: progress.step === 0 ? "start" : "progress", key });
    }),
  );
  heard.on("completed", ({ jobId: id, returnvalue }) =>
    own(id, (key) => {
      const { outcome, seconds, host } = returnvalue as unknown as JobResult;
      if (outcome === "cancelled" || told.has(key)) return;
      told.add(key);
      events.push({ kind: "done", key, outcome, seconds, host });
    }),
  );
  await heard.waitUntilReady();
  return heard;
}

/** Looks at the folder for truth: what is neither there nor failed nor in the queue is put back. Ends when no run is open. */
async function untilThere(queued: QueuedSweep, { connection, url, open, told, events, signal }: Following): Promise<void> {
  const { folder, queue } = queued;
  const begun = performance.now();
  let known: ReadonlyMap<string, RunFacts> = new Map();
  let isLonely = true;
  const look = async () => {
    known = await runsThere(folder, known);
    for (const [key, { seconds }] of known)
      if (open.delete(key) && !told.has(key)) events.push({ kind: "done", key, outcome: "there", seconds, host: "" });
    if (connection.status !== "ready") return;
    await tellFailed(queued, { connection, open, events });
    const lost = await notQueued(queued, [...open.values()], connection);
    known = await runsThere(folder, known); // a run that was finished between the two looks is not lost
    if (lost.length > 0)
      await enqueue(
        queued,
        lost.filter(({ key }) => !known.has(key)),
      );
    if ((await queue.getWorkersCount()) > 0) isLonely = false;
    if (!isLonely || performance.now() - begun < LONELY_AFTER) return;
    isLonely = false; // told once
    const command = `veduta work --queue ${shownUrl(url)} --model ${sweepModel(folder)}`;
    events.push({ kind: "note", text: `no worker has come for ${LONELY_AFTER / 1000} s: ${command}` });
  };
  for (let looked = begun; ; ) {
    await sleep(Math.min(1000, LOOK_EVERY), undefined, { signal });
    const isTold = [...open.keys()].every((key) => told.has(key));
    if (!isTold && performance.now() - looked < LOOK_EVERY) continue;
    if (connection.status === "ready" && (await connection.exists(cancelName(folder.info.id))) > 0)
      return events.push({ kind: "note", text: "the sweep was cancelled" });
    await look();
    if (open.size === 0) return;
    for (const key of open.keys()) told.delete(key); // an event told of it, and it is not there
    looked = performance.now();
  }
}

/** Tells of runs that failed, as the folder or, where a worker could not write there, the queue says. */
async function tellFailed(
  queued: QueuedSweep,
  { connection, open, events }: Pick<Following, "connection" | "open" | "events">,
): Promise<void> {
  const { folder } = queued;
  const failed = new Map(await readFailed(folder));
  for (const [key, message] of await failedJobs(queued, connection)) {
    if (!open.has(key) || failed.has(key)) continue;
    const why = failedRun({ name: "WorkerError", message }, queued.attempts, hostname());
    await writeFailed(folder.dir, key, why).catch(() => {});
    failed.set(key, why);
  }
  for (const [key, why] of failed) if (open.delete(key)) events.push({ kind: "failed", key, failed: why });
}

/** Takes a sweep's waiting runs out of its queue, and tells the workers that have one. @returns how many were taken out */
export async function cancelSweep(url: string, sweep: SweepFolder, note: (text: string) => void): Promise<number> {
  const connection = await connectRedis(url, note);
  const queue = await openQueue(connection, sweepModel(sweep));
  try {
    await connection.set(cancelName(sweep.info.id), "1", "EX", CANCEL_KEPT);
    return await dequeue(
      { queue, folder: sweep },
      sweep.runs.map(({ key }) => key),
    );
  } finally {
    await closed([connection], [queue]);
  }
}
/** Seconds that a cancellation is kept; the next `veduta sweep` of the folder ends it. */
const CANCEL_KEPT = 7 * 24 * 3600;

/** The queue of a sweep in numbers, and as Prometheus' text. */
export async function queueStatus(
  url: string,
  sweep: SweepFolder,
): Promise<{ readonly counts: Readonly<Record<string, number>>; readonly workers: number; readonly prometheus: string }> {
  const connection = await connectRedis(url, () => {});
  const queue = await openQueue(connection, sweepModel(sweep));
  try {
    return {
      counts: await queue.getJobCounts(),
      workers: await queue.getWorkersCount(),
      prometheus: await queue.exportPrometheusMetrics(),
    };
  } finally {
    await closed([connection], [queue]);
  }
}

/** Waits for work, or until `signal` aborts: a call to a Redis that is away ends when it is back. */
const stoppable = (work: Promise<void>, signal: AbortSignal | undefined): Promise<void> =>
  unlessStopped(() => work, signal).catch((error: unknown) => {
    if (!signal?.aborted) throw error;
  });

/** Closes a queue, then its connections, which BullMQ leaves open. A Redis that is away is not waited for. */
async function closed(connections: readonly Redis[], open: readonly ({ close(): Promise<void> } | undefined)[]): Promise<void> {
  const all = Promise.all(open.map((each) => each?.close().catch(() => {})));
  if (connections[0].status === "ready") await Promise.race([all, sleep(CLOSE_PATIENCE, undefined, { ref: false })]);
  for (const connection of connections) connection.disconnect();
}
/** Milliseconds. */
const CLOSE_PATIENCE = 2000;
