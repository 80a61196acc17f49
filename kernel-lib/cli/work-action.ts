/** @file The action of `veduta work`. */

import { BUNDLED_MODELS } from "../pipelines/open-model.js";
import { workQueue } from "../sweeps/queue/queue-worker.js";
import { shownUrl } from "../sweeps/queue/redis.js";
import { queueName } from "../sweeps/queue/sweep-queue.js";
import type { WorkerModel } from "../sweeps/worker-model.js";
import { type CliDeps, InterruptedError, UsageError } from "./command.js";
import { deviceInWords } from "./notes.js";
import { type ModelFlags, withModel } from "./run-command.js";
import { wrongUrl } from "./sweep-look-action.js";

/** Where this machine sees a folder. */
export interface FolderPlace {
  readonly from: string;
  readonly to: string;
}

/** The flags of `veduta work`. */
export interface WorkFlags extends ModelFlags {
  readonly queue?: string;
  readonly batch?: number;
  readonly at?: readonly FolderPlace[];
  readonly once?: true;
  /** minutes */
  readonly for?: number;
}

/** Works for a queue. @throws UsageError without one; InterruptedError if the user stops it: its run is given back */
export async function workAction(flags: WorkFlags, deps: CliDeps): Promise<void> {
  const { queue: url, batch, at, once, model: name = BUNDLED_MODELS[0] } = flags;
  if (url === undefined)
    throw new UsageError("work: got no --queue, want the address of the Redis that holds the runs: --queue redis://HOST");
  await Promise.resolve(url).then(shownUrl).catch(wrongUrl);
  await withModel(flags, deps, async ({ model, signal }) => {
    deps.stderr.write(`Working for ${shownUrl(url)}, queue ${queueName(name)}, on ${deviceInWords(model)}\n`);
    await workQueue({
      ...{ url, name, batch, at, signal },
      model: model as unknown as WorkerModel,
      until: once ? "empty" : "never",
      ...(flags.for !== undefined && { forTime: flags.for * 60_000 }),
      say: (text) => void deps.stderr.write(`note: ${text}\n`),
    });
    if (signal.aborted) throw new InterruptedError("Stopped; the run that was under way is given back.");
  });
}
