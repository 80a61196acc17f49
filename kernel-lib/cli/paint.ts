/** @file `veduta paint`: a prompt becomes a run's folder. */
import { join } from "node:path";
import { type Command, Option } from "commander";
import { DEVICE_CHOICES, type DeviceChoice } from "../graph/devices.js";
import { PRECISIONS, type Precision } from "../graph/half.js";
import type { JointModel } from "../joint/joint-model.js";
import { type MethodName, methods } from "../joint/methods.js";
import { JOINT_DEFAULTS } from "../joint/options.js";
import type { JointResult, JointRun, StepRecord } from "../joint/step-record.js";
import { SYNC_DEFAULTS, type SyncOptions } from "../joint/sync-options.js";
import type { Model } from "../model.js";
import { createProgress, type Out } from "../notebook/progress.js";
import { duration } from "../notebook/report.js";
import { createRunWriter, folderHolds, type RunWriter, runHead } from "../run.js";
import type { SavedRun } from "../run-folder.js";
import { anchorName, number, wholeNumber } from "./values.js";

/** What painting needs of an opened model. */
export type PaintModel = JointModel & Pick<Model, "device" | "precision" | "threads" | "digest" | "path" | "notices" | "close">;

/** What the command line does not do itself. */
export interface CliDeps {
  readonly openModel: (
    pathOrName: string | undefined,
    options: { readonly device: DeviceChoice; readonly precision?: Precision; readonly threads?: number },
  ) => Promise<PaintModel>;
  readonly stdout: Out;
  readonly stderr: Out;
  /** Calls `stop` once when the user interrupts. @returns a function that stops listening */
  readonly onInterrupt: (stop: () => void) => () => void;
}

/** What the command line answered wrongly to: its message says what would be right. Exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** The user stopped the run. Exit code 130. */
export class InterruptedError extends Error {
  override name = "InterruptedError";
}

interface PaintFlags extends Omit<SyncOptions, "prompt" | "negativePrompt" | "guidanceScale"> {
  readonly method: MethodName;
  readonly negative?: string;
  readonly guidance?: number;
  readonly foreseen: number;
  readonly model?: string;
  readonly device: DeviceChoice;
  readonly precision?: Precision;
  readonly threads?: number;
  readonly out?: string;
  readonly force?: true;
}

/** Flags that only SyncDiffusion reads. */
const SYNC_FLAGS = {
  weight: "--weight",
  decay: "--decay",
  syncEvery: "--sync-every",
  syncSteps: "--sync-steps",
  anchor: "--anchor",
} as const;

/** Adds the command to the program. */
export function paintCommand(program: Command, deps: CliDeps): void {
  const { steps, guidanceScale, negativePrompt } = JOINT_DEFAULTS;
  program
    .command("paint")
    .summary("paint a panorama from a prompt")
    .description(
      "Paint a panorama from a prompt, step by step, and keep the run: panorama.png, report.html to look at, run.json to repeat it.",
    )
    .argument("<prompt>", "what to paint, in quotes")
    .addOption(
      new Option("--method <name>", "sync: windows that agree (SyncDiffusion); multi: windows averaged only (MultiDiffusion)")
        .choices(Object.keys(methods))
        .default("sync"),
    )
    .option("--width <px>", "width of the panorama; default six windows", wholeNumber(1))
    .option("--height <px>", "height of the panorama; default one window", wholeNumber(1))
    .option("--loop", "close it to 360°: the right edge goes on at the left")
    .option("--no-loop", "leave it open (default)")
    .option("--seed <n>", "names the starting noise; drawn when absent, and always recorded", wholeNumber(0))
    .option("--steps <n>", `denoising steps (default: ${steps})`, wholeNumber(1))
    .option("--guidance <x>", `how strongly the prompt is followed (default: ${guidanceScale})`, number(Number.NEGATIVE_INFINITY))
    .option("--negative <text>", `what to paint less of (default: "${negativePrompt}")`)
    .option("--window <n>", "side of a window in latent pixels; default the model's own", wholeNumber(1))
    .option("--stride <n>", "from window to window in latent pixels; default a quarter of the window", wholeNumber(1))
    .option(
      "--weight <x>",
      `sync: how far windows are drawn to the anchor; default the checkpoint's advice, else ${SYNC_DEFAULTS.weight}`,
      number(0),
    )
    .option("--decay <x>", `sync: step i has weight · decay^i (default: ${SYNC_DEFAULTS.decay})`, number(0))
    .option("--sync-every <n>", `sync: only every n-th step (default: ${SYNC_DEFAULTS.syncEvery})`, wholeNumber(1))
    .option("--sync-steps <n>", "sync: only the first n steps; default all", wholeNumber(0))
    .option("--anchor <index>", `sync: the window that the others are drawn to, or "middle" (default: ${SYNC_DEFAULTS.anchor})`, anchorName)
    .option("--foreseen <n>", "keep the picture foreseen after every n-th step; 0: none", wholeNumber(0), 1)
    .option("--model <path>", "a checkpoint's folder or name; default the bundled one")
    .addOption(
      new Option("--device <name>", "where the networks run; auto takes the best there is").choices(DEVICE_CHOICES).default("auto"),
    )
    .addOption(new Option("--precision <name>", "of the U-Net; default float16 on cuda, float32 on cpu and webgpu").choices(PRECISIONS))
    .option("--batch <n>", "windows that one network call takes; default from memory", wholeNumber(1))
    .option("--threads <n>", "threads of the CPU; default all its cores", wholeNumber(1))
    .option("--out <dir>", "the run's folder; default veduta-out/<method>-<seed>")
    .option("--force", "replace a run that the folder holds already")
    .addHelpText(
      "after",
      '\nExamples:\n  veduta paint "mountains" --loop --seed 7\n  veduta paint "a misty lake at dawn" --method multi --width 1024 --out lake\n',
    )
    .action((prompt: string, flags: PaintFlags) => paint(prompt, flags, deps));
}

async function paint(prompt: string, flags: PaintFlags, deps: CliDeps): Promise<void> {
  for (const [key, flag] of Object.entries(SYNC_FLAGS))
    if (flags.method !== "sync" && flags[key as keyof typeof SYNC_FLAGS] !== undefined)
      throw new UsageError(`${flag} belongs to --method sync, and this is --method ${flags.method}; leave it out`);
  if (flags.out !== undefined) await expectFree(flags.out, flags.force);

  const { stderr } = deps;
  const stop = new AbortController();
  const stopped = new Promise<never>((_, reject) =>
    stop.signal.addEventListener("abort", () => reject(new InterruptedError("Stopped before the first step; nothing was written."))),
  );
  stopped.catch(() => {}); // it may also be that nobody waits for it any more
  const deaf = deps.onInterrupt(() => {
    stderr.write("\nStopping after this network call. Once more stops at once.\n");
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
    const run = startRun(model, prompt, flags, stop.signal);
    const dir = flags.out ?? join("veduta-out", `${flags.method}-${run.options.seed}`);
    if (flags.out === undefined) await expectFree(dir, flags.force);
    stderr.write(
      `${flags.method === "sync" ? "SyncDiffusion" : "MultiDiffusion"} on ${model.device}, ${model.precision}, seed ${run.options.seed}\n`,
    );
    const writer = await createRunWriter(dir, runHead(flags.method, run, model, flags.model), {
      existing: flags.force ? "replace" : "refuse",
      foreseenEvery: flags.foreseen,
    });
    const saved = await follow(run, writer, stop.signal, stderr);
    const times = `${duration(tenths(performance.now() - begun))} in all, ${duration(tenths(opened - begun))} of them to open the model`;
    deps.stdout.write(
      `${join(dir, "panorama.png")}\n${join(dir, "report.html")}\n${saved.info.width} × ${saved.info.height} px, ${saved.steps.length} steps, ${times}\n`,
    );
  } finally {
    deaf();
    await model?.close();
  }
}

/** The method's run; what it refuses of the options is the command line's to put right. */
function startRun(model: PaintModel, prompt: string, flags: PaintFlags, signal: AbortSignal): JointRun {
  const { negative, guidance, method, ...rest } = flags;
  const { foreseen: _, model: _m, device: _d, precision: _p, threads: _t, out: _o, force: _f, ...shared } = rest;
  try {
    return methods[method](model, { ...shared, prompt, negativePrompt: negative, guidanceScale: guidance, signal });
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

/** Runs to the end, every step into the folder; a run that ends early leaves the steps so far. */
async function follow(run: JointRun, writer: RunWriter, signal: AbortSignal, stderr: Out): Promise<SavedRun> {
  const { steps, windows } = run.options;
  const progress = createProgress({ steps, windows: windows.length, out: stderr });
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

/** @throws UsageError where the folder is not this run's to write */
async function expectFree(dir: string, force: true | undefined): Promise<void> {
  const holds = await folderHolds(dir).catch((error: Error) => {
    throw new UsageError(`--out ${error.message}`, { cause: error });
  });
  if (holds === "other") throw new UsageError(`--out ${dir} holds files that are no run's; give a new or empty folder`);
  if (holds === "run" && !force)
    throw new UsageError(`${dir} holds a run already; --force replaces it, --out gives another folder, --seed another picture`);
}

const tenths = (milliseconds: number): number => Math.round(milliseconds / 100) / 10;
