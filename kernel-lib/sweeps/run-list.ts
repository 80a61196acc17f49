/** @file The runs that are still to be made by one sweep's own workers, and how often each was tried. */
import { hostname } from "node:os";
import { runningPartials } from "./partial-runs.js";
import { type FailedRun, type SweepFolder, type SweepRun, writeFailed } from "./sweep-folder.js";
import { isCurable, isDiskFull, type WorkerError } from "./worker-messages.js";

/** How often a run is tried again whose worker died. */
export const MOST_DEATHS = 5;

/** Runs on their way. */
export interface RunList {
  /** how many wait */
  readonly length: number;
  /** The next run: one that nobody writes now, where there is one. undefined when none waits */
  take(): Promise<string | undefined>;
  /** Puts a run back that was given back, to the front. */
  back(key: string): void;
  /** A run threw: it waits again, or has failed. @returns why it failed */
  threw(key: string, error: WorkerError): Promise<FailedRun | undefined>;
  /** A run's worker died. @returns why the run failed */
  died(key: string): Promise<FailedRun | undefined>;
}

/** Makes the list of missing runs, in their order. @param attempts of a run that throws */
export function runList({ dir }: Pick<SweepFolder, "dir">, missing: readonly SweepRun[], attempts: number): RunList {
  const waiting = missing.map(({ key }) => key);
  const tries = new Map(waiting.map((key) => [key, { thrown: 0, died: 0 }] as const));
  const of = (key: string) => tries.get(key) as { thrown: number; died: number };
  const fail = async (key: string, error: WorkerError): Promise<FailedRun> => {
    const failed = failedRun(error, of(key).thrown + of(key).died);
    await writeFailed(dir, key, failed).catch(() => {}); // a full disk takes no file
    return failed;
  };
  return {
    get length() {
      return waiting.length;
    },
    async take() {
      const busy = new Set((await runningPartials(dir)).map(({ key }) => key));
      const free = waiting.flatMap((key, place) => (busy.has(key) ? [] : [place]));
      // Where another sweep is at work, any of the others: in the same order the two would make the same runs at the same time.
      const place = free.length === waiting.length ? 0 : (free[Math.floor(Math.random() * free.length)] ?? 0);
      return waiting.splice(place, 1)[0];
    },
    back: (key) => void waiting.unshift(key),
    async threw(key, error) {
      of(key).thrown++;
      if (!isCurable(error) || isDiskFull(error) || of(key).thrown >= attempts) return fail(key, error);
      waiting.push(key);
      return undefined;
    },
    async died(key) {
      const { died } = { died: ++of(key).died };
      if (died > MOST_DEATHS) return fail(key, deathError(died, hostname()));
      waiting.push(key); // to the end: there may be more memory by then
      return undefined;
    },
  };
}

/** What is written of a run that failed. */
export const failedRun = ({ name, message, stack }: WorkerError, attempts: number, host: string = hostname()): FailedRun => ({
  ...{ name, message, attempts, host },
  ...(stack && { stack }),
  time: new Date().toISOString(),
});

/** Why a run failed whose workers died. @param host of the last one */
export const deathError = (times: number, host: string): WorkerError => ({
  name: "WorkerError",
  message: `its worker ended ${times === 6 ? "six" : times} times while painting it; the last on ${host}: out of memory?`,
});
