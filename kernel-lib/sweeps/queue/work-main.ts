/** @file A child process of a sweep that works for its queue. */
import { openPlanModel, type WorkerModel } from "../worker-model.js";
import type { QueueChild } from "./queue-children.js";
import { workQueue } from "./queue-worker.js";

/** Tells the sweep, as long as it is there. */
const say = (text: string): void => {
  if (process.connected) process.send?.(text, () => {});
};
const stop = new AbortController();

process.once("message", async ({ url, name, plan, batch, ...place }: QueueChild) => {
  let model: WorkerModel | undefined;
  try {
    model = await openPlanModel(plan, place);
    await workQueue({ url, name, model, batch, signal: stop.signal, say });
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  } finally {
    await model?.close();
    if (process.connected) process.disconnect();
  }
});
// The terminal sends Ctrl-C to all its processes: the sweep alone decides what its children do then, and closes the channel.
for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
process.on("SIGTERM", () => stop.abort());
process.on("disconnect", () => stop.abort());
