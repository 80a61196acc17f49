/** @file The action of `veduta paint`. */
import { join } from "node:path";
import { duration } from "../core/words.js";
import { createProgress, type Out } from "../display/progress.js";
import type { DeviceChoice } from "../engine/device.js";
import type { Precision } from "../graph/half.js";
import { unitsOf } from "../methods/any-run.js";
import type { JointResult, JointRun, StepRecord } from "../methods/joint/step-record.js";
import { allMethods, methodNamed, type PanoramaMethod } from "../methods/methods.js";
import { reportPage } from "../pages/save-run.js";
import { folderHolds, type SavedRun } from "../runs/run-folder.js";
import { createRunWriter, type RunWriter, runHead } from "../runs/run-writer.js";
import { type CliDeps, InterruptedError, type PaintModel, UsageError } from "./command.js";
import type { Kept } from "./kept.js";
import { methodFlags } from "./method-flags.js";

/** The command's flags, and those of the methods' options by option name. */
export interface PaintFlags extends Readonly<Record<string, unknown>> {
  readonly method: string;
  readonly foreseen: number;
  readonly keep: Kept;
  readonly model?: string;
  readonly device: DeviceChoice;
  readonly precision?: Precision;
  readonly threads?: number;
  readonly out?: string;
  readonly force?: true;
}

/** Paints, and writes the run step by step. @throws UsageError for wrong flags; InterruptedError if the user stops it */
export async function paint(prompt: string, flags: PaintFlags, deps: CliDeps): Promise<void> {
  const method = methodNamed(flags.method);
  for (const [flag, { key, methods }] of methodFlags(allMethods()))
    if (methods && !methods.includes(method) && flags[key] !== undefined)
      throw new UsageError(
        `${flag} belongs to --method ${methods.map(({ name }) => name).join(" and ")}, and this is --method ${method.name}; leave it out`,
      );
  if (flags.out !== undefined) await expectFree(flags.out, flags.force);

  const { stderr } = deps;
  const stop = new AbortController();
  const stopped = new Promise<never>((_, reject) =>
    stop.signal.addEventListener("abort", () => reject(new InterruptedError("Stopped before the first step; nothing was written."))),
  );
  stopped.catch(() => {}); // a late interrupt is no unhandled rejection
  const stopListening = deps.onInterrupt(() => {
    stderr.write("\nStopping after this network call. Press Ctrl-C again to stop at once.\n");
    stop.abort();
  });
  const begun = performance.now();
  let model: PaintModel | undefined;
  try {
    model = await Promise.race([
      deps.openModel(flags.model, { device: flags.device, precision: flags.precision, threads: flags.threads }),
      stopped,
    ]);
    const opened = performance.now();
    for (const notice of model.notices) stderr.write(`note: ${notice}\n`);
    const run = startRun(method, model, { ...flags, prompt, signal: stop.signal });
    const dir = flags.out ?? join("veduta-out", `${method.name}-${run.options.seed}`);
    if (flags.out === undefined) await expectFree(dir, flags.force);
    stderr.write(`${method.title} on ${model.device}, ${model.precision}, seed ${run.options.seed}\n`);
    const writer = await createRunWriter(dir, runHead(method, run, model, flags.model), {
      page: await reportPage(dir, flags.keep.report),
      existing: flags.force ? "replace" : "refuse",
      foreseenEvery: flags.keep.foreseen ? flags.foreseen : 0,
    });
    const saved = await follow(run, writer, stop.signal, stderr);
    const times = `${duration(tenths(performance.now() - begun))} in all, ${duration(tenths(opened - begun))} of them to open the model`;
    const written = ["panorama.png", ...(flags.keep.report === "none" ? [] : ["report.html"])].map((name) => `${join(dir, name)}\n`);
    deps.stdout.write(`${written.join("")}${saved.info.width} × ${saved.info.height} px, ${saved.steps.length} steps, ${times}\n`);
  } finally {
    stopListening();
    await model?.close();
  }
}

/** Starts the method's run. An option that it refuses is a UsageError. */
function startRun(method: PanoramaMethod, model: PaintModel, options: Readonly<Record<string, unknown>>): JointRun {
  try {
    return method.run(model, options as never); // the method checks every option against its table
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

/** Runs to the end and writes every step; a run that ends early keeps its steps. */
async function follow(run: JointRun, writer: RunWriter, signal: AbortSignal, stderr: Out): Promise<SavedRun> {
  const steps = run.stepCount;
  const progress = createProgress({ steps, units: unitsOf(run), out: stderr });
  let done = 0;
  try {
    for (;;) {
      const next: IteratorResult<StepRecord, JointResult> = await run.next();
      if (next.done) {
        progress.end();
        return await writer.finish(next.value);
      }
      await writer.step(next.value);
      done++;
      progress.step(next.value);
      for (const notice of next.value.notices ?? []) {
        progress.end();
        stderr.write(`note: ${notice}\n`);
      }
    }
  } catch (error) {
    progress.end();
    const where =
      done === 0
        ? `before the first step was finished; ${writer.dir} holds the options`
        : `after ${done} of ${steps} steps; they are in ${writer.dir}`;
    if (!signal.aborted) {
      await writer.abort(error);
      stderr.write(`The run ended ${where}.\n`);
      throw error;
    }
    await writer.abort("it was interrupted");
    throw new InterruptedError(`Stopped ${where}.`);
  }
}

/** Checks the output folder. @throws UsageError if it holds other files, or a run without `force` */
async function expectFree(dir: string, force: true | undefined): Promise<void> {
  const holds = await folderHolds(dir).catch((error: Error) => {
    throw new UsageError(`--out ${error.message}`, { cause: error });
  });
  if (holds === "other") throw new UsageError(`--out ${dir} holds files that are not a run's; give a new or empty folder`);
  if (holds === "run" && !force)
    throw new UsageError(
      `${dir} already holds a run; replace it with --force, or choose another folder with --out or another picture with --seed`,
    );
}

const tenths = (milliseconds: number): number => Math.round(milliseconds / 100) / 10;
