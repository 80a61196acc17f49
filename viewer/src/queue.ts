/**
 * @file The page's queue of figures, `globalThis.__veduta`: outputs push jobs, and scripts take jobs of their kinds. Outputs and scripts may load
 * in any order: a job waits for its script.
 */
import type { FigureJob } from "../../kernel-lib/pages/panorama-figure.js";

type Kind = FigureJob[1];
type JobOf<K extends Kind> = Extract<FigureJob, readonly [string, K, unknown]>;
/** Functions that draw a figure into its root, by kind. */
export type Takers = { [K in Kind]?: (root: HTMLElement, spec: JobOf<K>[2]) => void };

interface Queue {
  readonly ready: true;
  push(...jobs: FigureJob[]): void;
  take(takers: Takers): boolean;
}

/** Takes all waiting and future jobs of some kinds. @returns false if another script already has these kinds */
export function takeFigures(takers: Takers): boolean {
  const page = globalThis as typeof globalThis & { __veduta?: FigureJob[] | Queue };
  const found = page.__veduta;
  if (found && !Array.isArray(found)) return found.take(takers);
  const queue = newQueue();
  page.__veduta = queue;
  queue.push(...(found ?? []));
  return queue.take(takers);
}

function newQueue(): Queue {
  const taken: Takers = {};
  let waiting: FigureJob[] = [];
  const push = (...jobs: FigureJob[]) => {
    for (const job of jobs) if (!drawn(taken, job)) waiting.push(job);
  };
  return {
    ready: true,
    push,
    take(takers) {
      const fresh = Object.entries(takers).filter(([kind]) => !(kind in taken));
      Object.assign(taken, Object.fromEntries(fresh));
      const jobs = waiting;
      waiting = [];
      push(...jobs);
      return fresh.length > 0;
    },
  };
}

/** Draws a job's figure. If its root is gone or drawing fails, the still picture stays. @returns whether the job is done */
function drawn(takers: Takers, [id, kind, spec]: FigureJob): boolean {
  const take = takers[kind] as ((root: HTMLElement, spec: unknown) => void) | undefined;
  if (!take) return false;
  const root = document.getElementById(id);
  if (!root) return true;
  try {
    take(root, spec);
  } catch (error) {
    root.dataset.state = "still";
    console.warn("veduta: the still picture stays", error);
  }
  return true;
}
