/** @file Makes runs here: child processes take them off the plan. The folder remembers which are there, so nothing else has to. */
import { hostname } from "node:os";
import { type ChildWorker, childWorker } from "./child-worker.js";
import { eventQueue } from "./event-queue.js";
import type { SweepKeep } from "./paint-run.js";
import { runList } from "./run-list.js";
import type { EngineEvent } from "./sweep-event.js";
import type { FailedRun, SweepFolder, SweepRun } from "./sweep-folder.js";
import { isDiskFull, type WorkerError } from "./worker-messages.js";
import type { WorkerPlace } from "./worker-model.js";

/** How many workers in a row may end before they are ready. */
const MOST_STILLBIRTHS = 3;

/** What is to be made here, and how. */
export interface LocalWork {
  readonly sweep: SweepFolder;
  /** in the order in which they are made */
  readonly missing: readonly SweepRun[];
  readonly workers: number;
  /** of them on a GPU */
  readonly onGpu: number;
  readonly place: WorkerPlace;
  readonly keep: readonly SweepKeep[];
  readonly batch?: number;
  /** of a run that throws */
  readonly attempts: number;
  readonly signal?: AbortSignal;
}

/**
 * Makes the missing runs in child processes. Ends when all are there or have failed, when the disk is full, or once `signal` aborts; a run that is under
 * way then is given back within one network call.
 * @throws Error where no worker can begin
 */
export function paintHere({ sweep, missing, workers, onGpu, place, keep, batch, attempts, signal }: LocalWork): AsyncIterable<EngineEvent> {
  const events = eventQueue<EngineEvent>();
  const list = runList(sweep, missing, attempts);
  const children = new Set<ChildWorker>();
  const host = hostname();
  let stillbirths = 0;
  let most = Math.min(workers, onGpu); // until the first one says where it runs
  let ending = false;
  let broken: Error | undefined;
  const end = (why?: Error) => {
    ending = true;
    broken ??= why;
    for (const child of children) child.stop();
    if (children.size === 0) events.end(broken);
  };
  const fail = (key: string, failed: FailedRun | undefined) => {
    if (failed) events.push({ kind: "failed", key, failed });
  };
  const hire = () => {
    let device = "";
    const child = childWorker(
      { kind: "open", dir: sweep.dir, keep, ...(batch !== undefined && { batch }), ...place },
      {
        ready(message) {
          stillbirths = 0;
          device = message.device;
          most = device === "cpu" ? workers : onGpu;
          events.push({ ...message, kind: "worker" });
          hireAll();
        },
        broken: (error) => end(asError(error)),
        async next() {
          const key = ending ? undefined : await list.take();
          if (key !== undefined) events.push({ kind: "start", key, host });
          return key;
        },
        progress: (message) => events.push({ ...message, host, device }),
        done: (message) => events.push({ ...message, host }),
        async failed(key, error) {
          fail(key, await list.threw(key, error));
          if (!isDiskFull(error)) return;
          events.push({ kind: "note", text: `the disk of ${sweep.dir} is full; no further run is begun` });
          end();
        },
        stopped: (key) => list.back(key),
        async ended({ painting, isReady, words }) {
          children.delete(child);
          if (painting !== undefined && !ending) fail(painting, await list.died(painting));
          if (!isReady && !ending && ++stillbirths >= MOST_STILLBIRTHS)
            return end(new Error(`workers end before they are ready (${words}): is there memory for the model?`));
          if (!ending) hireAll();
          if (children.size === 0) events.end(broken);
        },
      },
    );
    children.add(child);
  };
  /** A child at work takes one more run itself. */
  const hireAll = () => {
    while (children.size < Math.min(most, list.length)) hire();
  };
  signal?.addEventListener("abort", () => end(), { once: true });
  if (signal?.aborted || list.length === 0) end();
  else hireAll();
  return events;
}

const asError = ({ name, message, stack }: WorkerError): Error => Object.assign(new Error(message), { name, stack });
