/** @file The action of `veduta paint`. */
import { allMethods, methodNamed } from "../methods/methods.js";
import { resumed } from "../pages/resume-run.js";
import { openRun, type SavedRun } from "../runs/run-folder.js";
import { savedOptions } from "../runs/run-options.js";
import { type CliDeps, UsageError } from "./command.js";
import { methodFlags } from "./method-flags.js";
import { deviceInWords } from "./notes.js";
import { expectFree, expectOwnFlags, follow, type RunFlags, runIntoFolder, started, tellWritten, withModel } from "./run-command.js";
import { loadedFlags, type OpenedWith } from "./run-options.js";

/** The flags of `veduta paint`. */
export interface PaintFlags extends RunFlags {
  readonly from?: string;
  readonly resume?: string;
  readonly without?: readonly OpenedWith[];
}

/**
 * Paints, and writes the run step by step.
 * @param given the flags that stand on the command line, by their options' names
 * @throws UsageError for wrong flags; InterruptedError if the user stops it
 */
export async function paint(prompt: string | undefined, words: PaintFlags, deps: CliDeps, given: ReadonlySet<string>): Promise<void> {
  const flags = await loadedFlags(words, allMethods());
  if (flags.without && flags.from === undefined) throw new UsageError("--without leaves out what the run of --from had; give --from too");
  if (flags.resume !== undefined) return goOn(flags.resume, prompt, flags, deps, given);
  const old = flags.from === undefined ? undefined : await saved(flags.from);
  if (prompt === undefined && !old && flags.regions === undefined)
    throw new UsageError(
      "missing required argument 'prompt': want what to paint, in quotes, or --from or --resume and a run, or regions that cover the panorama",
    );
  const method = methodNamed(old && !given.has("method") ? old.info.method : flags.method);
  expectOwnFlags(flags, method, allMethods());
  if (flags.out !== undefined) await expectFree(flags.out, flags.force);
  const begun = performance.now();
  const whole = old ? { ...flags, ...sameModel(old, flags) } : flags;
  await withModel(whole, deps, async (opened) => {
    const alone = flags.without?.includes("control-net") && !flags.controlNet ? { control: undefined } : {};
    const options = {
      ...(old && savedOptions(old)),
      ...alone,
      ...changes(flags),
      ...(prompt !== undefined && { prompt, text: undefined }),
    };
    const run = started(() => method.run(opened.model, { ...options, signal: opened.signal } as never));
    await runIntoFolder(run, whole, opened, deps, { picture: "panorama.png", begun });
  });
}

type Opening = Pick<PaintFlags, "model" | "prediction" | "controlNet" | "lora" | "embedding">;

/** The model of a run with what it was opened with, where flags name no others. LoRAs and textual inversions must be the files that they were. */
const sameModel = ({ info: { model } }: SavedRun, flags: PaintFlags): Opening => ({
  model: flags.model ?? model.name,
  prediction: flags.prediction ?? (flags.model === undefined ? model.prediction : undefined),
  controlNet: flags.controlNet ?? (flags.without?.includes("control-net") ? undefined : model.control),
  lora: flags.lora ?? (flags.without?.includes("lora") ? undefined : model.lora),
  embedding: flags.embedding ?? (flags.without?.includes("embedding") ? undefined : model.embedding),
});

/** The options that flags name. A size or a stride of one's own replaces the windows that a run has recorded. */
function changes(flags: PaintFlags): object {
  const keys = [...methodFlags(allMethods()).values()].map(({ key }) => key);
  const named = Object.fromEntries(keys.filter((key) => flags[key] !== undefined).map((key) => [key, flags[key]]));
  const places = ["width", "height", "window", "stride", "loop", "wrap"].some((key) => key in named);
  const around = ["loop", "wrap"].some((key) => key in named); // the two say one thing
  return {
    ...(around && { loop: undefined, wrap: undefined }),
    ...named,
    ...(places && { windows: undefined }),
    ...("seed" in named && { latent: undefined }),
  };
}

/** Goes on with a run, in its folder. @throws UsageError for a prompt or a flag that would change it */
async function goOn(dir: string, prompt: string | undefined, flags: PaintFlags, deps: CliDeps, given: ReadonlySet<string>): Promise<void> {
  const old = await saved(dir);
  const allowed = new Set(["resume", "model", "controlNet", "lora", "embedding", "device", "precision", "threads", "keep", "foreseen"]);
  const wrong = prompt === undefined ? [...given].find((key) => !allowed.has(key)) : "a prompt";
  if (wrong !== undefined)
    throw new UsageError(
      `--resume goes on as the run began, and got ${wrong}; leave it out, or repeat the run with changes by --from ${dir}`,
    );
  const begun = performance.now();
  await withModel({ ...flags, ...sameModel(old, flags) }, deps, async ({ model, signal, took }) => {
    const foreseenEvery = flags.keep.foreseen ? flags.foreseen : 0;
    const { run, writer, done } = await resumed(dir, model, { signal, report: flags.keep.report, foreseenEvery });
    deps.stderr.write(`${run.method.title} on ${deviceInWords(model)}, after step ${done} of ${run.stepCount}\n`);
    tellWritten(await follow(run, writer, signal, deps.stderr, done), flags, deps, { picture: "panorama.png", begun, took });
  });
}

/** A run's folder that `paint` made. @throws UsageError for a run of another command */
async function saved(dir: string): Promise<SavedRun> {
  const run = await openRun(dir);
  if (run.info.family !== undefined && run.info.family !== "panorama")
    throw new UsageError(`${dir}: holds a run of the family ${run.info.family}, want one of veduta paint`);
  return run;
}
