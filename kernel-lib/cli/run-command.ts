/** @file What commands share that run a method into a folder: flags, the model, interrupts, progress, and the folder. */
import { join } from "node:path";
import { counted, duration } from "../core/words.js";
import type { Prediction } from "../diffusion/notation.js";
import { createProgress, type Out } from "../display/progress.js";
import type { DeviceChoice } from "../engine/device.js";
import type { Precision } from "../graph/half.js";
import { type AnyResult, type AnyRun, type AnyStep, unitsOf } from "../methods/any-run.js";
import type { MethodInfo } from "../methods/method.js";
import { reportPage } from "../pages/save-run.js";
import type { LoraChoice } from "../pipelines/adapters/open-lora.js";
import type { EmbeddingChoice } from "../pipelines/adapters/textual-inversion.js";
import { folderHolds, type PictureName, type SavedRun } from "../runs/run-folder.js";
import { runHead } from "../runs/run-head.js";
import { createRunWriter, type EditSource, type RunWriter } from "../runs/run-writer.js";
import { type CliDeps, InterruptedError, type PaintModel, UsageError } from "./command.js";
import type { Kept } from "./kept.js";
import { methodFlags } from "./method-flags.js";
import { deviceInWords, noteUnknownWords } from "./notes.js";

/** The flags that choose a model and where it runs. */
export interface ModelFlags {
  readonly model?: string;
  readonly device?: DeviceChoice;
  readonly precision?: Precision;
  readonly threads?: number;
  readonly prediction?: Prediction;
  readonly verbose?: true;
  /** ControlNets, in their order */
  readonly controlNet?: readonly string[];
  readonly lora?: readonly LoraChoice[];
  readonly embedding?: readonly EmbeddingChoice[];
}

/** The flags of a command that runs a method, and those of the methods' options by option name. */
export interface RunFlags extends ModelFlags, Readonly<Record<string, unknown>> {
  readonly method: string;
  readonly foreseen?: number;
  readonly keep: Kept;
  readonly out?: string;
  readonly force?: true;
}

/** Refuses flags of other methods. @throws UsageError */
export function expectOwnFlags(flags: RunFlags, method: MethodInfo, all: readonly MethodInfo[]): void {
  for (const [flag, { key, methods }] of methodFlags(all))
    if (methods && !methods.some(({ name }) => name === method.name) && flags[key] !== undefined)
      throw new UsageError(
        `${flag} belongs to --method ${methods.map(({ name }) => name).join(" and ")}, and this is --method ${method.name}; leave it out`,
      );
}

/** An opened model, and what a run needs besides. */
export interface Opened {
  readonly model: PaintModel;
  readonly signal: AbortSignal;
  /** milliseconds that opening took */
  readonly took: number;
}

/**
 * Opens the model, works with it and closes it. The user's interrupt aborts `signal`.
 * @throws InterruptedError if the user stops it before it is open
 */
export async function withModel<T>(flags: ModelFlags, deps: CliDeps, work: (opened: Opened) => Promise<T>): Promise<T> {
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
      deps.openModel(flags.model, {
        device: flags.device,
        precision: flags.precision,
        threads: flags.threads,
        prediction: flags.prediction,
        ...(flags.controlNet && { control: flags.controlNet }),
        ...(flags.lora && { lora: flags.lora }),
        ...(flags.embedding && { embedding: flags.embedding }),
      }),
      stopped,
    ]);
    if (flags.verbose) for (const notice of model.notices) stderr.write(`note: ${notice}\n`);
    return await work({ model, signal: stop.signal, took: performance.now() - begun });
  } finally {
    stopListening();
    await model?.close();
  }
}

/** Starts a run. An option that the method refuses is a UsageError. */
export function started<T>(start: () => T): T {
  try {
    return start(); // the method checks every option against its table
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

/** A run and where it goes. */
interface Destination {
  /** the finished run's file */
  readonly picture: PictureName;
  /** of an edit */
  readonly source?: EditSource;
  /** when the command began, of performance.now() */
  readonly begun: number;
}

/** Runs a method into a folder, and prints the files and the times. @throws UsageError if the folder is taken */
export async function runIntoFolder(
  run: AnyRun,
  flags: RunFlags,
  { model, signal, took }: Opened,
  deps: CliDeps,
  { picture, source, begun }: Destination,
): Promise<SavedRun> {
  const { method } = run;
  const dir = flags.out ?? join("veduta-out", `${method.name}-${run.options.seed}`);
  if (flags.out === undefined) await expectFree(dir, flags.force);
  const { prompt, negativePrompt, regions }: Record<string, unknown> = { ...run.options };
  const parts = Array.isArray(regions) ? regions.map((region: { readonly prompt?: unknown }) => region.prompt) : [];
  noteUnknownWords(model, [prompt, negativePrompt, ...parts], deps);
  deps.stderr.write(`${method.title} on ${deviceInWords(model)}, seed ${run.options.seed}\n`);
  const head = runHead(method, run, model, flags.model);
  const opened = flags.prediction === undefined ? head : { ...head, model: { ...head.model, prediction: flags.prediction } };
  const writer = await createRunWriter(dir, opened, {
    page: await reportPage(dir, flags.keep.report),
    existing: flags.force ? "replace" : "refuse",
    foreseenEvery: flags.keep.foreseen ? flags.foreseen : 0,
    source,
  });
  const saved = await follow(run, writer, signal, deps.stderr);
  tellWritten(saved, flags, deps, { picture, begun, took });
  return saved;
}

/** Prints the files of a finished run, and the times. */
export function tellWritten(
  { dir, info, steps }: SavedRun,
  { keep }: Pick<RunFlags, "keep">,
  { stdout }: Pick<CliDeps, "stdout">,
  { picture, begun, took }: Pick<Destination, "picture" | "begun"> & Pick<Opened, "took">,
): void {
  const times = `${duration(tenths(performance.now() - begun))} in all, ${duration(tenths(took))} of them to open the model`;
  const written = [picture, ...(keep.report === "none" ? [] : ["report.html"])].map((name) => `${join(dir, name)}\n`);
  stdout.write(`${written.join("")}${info.width} × ${info.height} px, ${counted(steps.length, "step")}, ${times}\n`);
}

/** Runs to the end and writes every step; a run that ends early keeps its steps. @param before steps that were done before it goes on */
export async function follow(run: AnyRun, writer: RunWriter, signal: AbortSignal, stderr: Out, before = 0): Promise<SavedRun> {
  const steps = run.stepCount;
  const progress = createProgress({ steps: steps - before, units: unitsOf(run), out: stderr });
  let done = before;
  try {
    for (;;) {
      const next: IteratorResult<AnyStep, AnyResult> = await run.next();
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
export async function expectFree(dir: string, force: true | undefined): Promise<void> {
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
