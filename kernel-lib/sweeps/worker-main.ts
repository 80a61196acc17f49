/** @file A child process of a sweep: opens the model once, paints the runs that it is told to, one after the other. */
import { paintRun } from "./paint-run.js";
import { openSweepFolder, type SweepFolder, type SweepRun } from "./sweep-folder.js";
import { type FromWorker, type ToWorker, workerError } from "./worker-messages.js";
import { expectSweepModel, openPlanModel, type WorkerModel } from "./worker-model.js";

/** At most one word of progress so often, in milliseconds. */
const PROGRESS_APART = 1000;

const stop = new AbortController();
/** Resolves once the message has left, so that an end of the process does not lose it. */
const say = (message: FromWorker): Promise<void> =>
  new Promise((sent) => (process.connected && process.send ? process.send(message, () => sent()) : sent()));

let work: Promise<void> = Promise.resolve();
let paint: (key: string) => Promise<void> = async () => {};

/** Opens the folder and the model. @returns what paints one run */
async function begin({ dir, keep, batch, ...place }: Extract<ToWorker, { kind: "open" }>): Promise<typeof paint> {
  let sweep: SweepFolder;
  let model: WorkerModel;
  try {
    sweep = await openSweepFolder(dir);
    model = await openPlanModel(sweep.info.plan, place);
    expectSweepModel(dir, sweep.info.model, model);
  } catch (error) {
    await say({ kind: "broken", error: workerError(error) });
    return async () => {};
  }
  const runs = new Map(sweep.runs.map((run) => [run.key, run] as const));
  await say({ kind: "ready", pid: process.pid, device: model.device, precision: model.precision, notices: model.notices });
  return async (key) => {
    const begun = performance.now();
    let said = Number.NEGATIVE_INFINITY;
    const progress = (step: number, steps: number) => {
      if (performance.now() - said < PROGRESS_APART && step < steps) return;
      said = performance.now();
      void say({ kind: "progress", key, step, steps });
    };
    try {
      const outcome = await paintRun(model, sweep, runs.get(key) as SweepRun, { keep, batch, signal: stop.signal, progress });
      await say({ kind: "done", key, outcome, seconds: (performance.now() - begun) / 1000 });
    } catch (error) {
      await say(stop.signal.aborted ? { kind: "stopped", key } : { kind: "failed", key, error: workerError(error) });
    }
  };
}

/** Ends the process; one network call may still be under way. */
async function end(): Promise<void> {
  stop.abort();
  await work;
  process.exit();
}

process.on("message", (message: ToWorker) => {
  if (message.kind === "stop") void end();
  else
    work = work.then(async () => {
      if (message.kind === "open") paint = await begin(message);
      else await paint(message.key);
    });
});
// The terminal sends Ctrl-C to all its processes: the sweep alone decides what its children do then.
for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
process.on("SIGTERM", () => void end());
process.on("disconnect", () => void end()); // the sweep is gone
