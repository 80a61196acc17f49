/** @file Workers of a queue that a waiting sweep starts on its own machine. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { SweepPlan } from "../plan.js";
import type { WorkerPlace } from "../worker-model.js";

/** What a child is told. */
export interface QueueChild extends WorkerPlace {
  readonly url: string;
  /** of the model, which the queue is named after */
  readonly name: string;
  readonly plan: SweepPlan;
  readonly batch?: number;
}

const MAIN = fileURLToPath(new URL("./work-main.js", import.meta.url));

/** Starts children. @returns what ends them: each gives its run back within one network call */
export function queueChildren(count: number, child: QueueChild, say: (text: string) => void): { stop(): void } {
  const children = Array.from({ length: count }, () => {
    const started = fork(MAIN, [], { execArgv: [] });
    started.on("message", (text) => say(String(text)));
    started.on("error", () => {});
    started.send(child);
    return started;
  });
  return {
    stop() {
      for (const each of children) if (each.connected) each.disconnect();
    },
  };
}
