/** @file `veduta run`: executes a notebook without a browser, and without Python. */
import { type Command, InvalidArgumentError } from "commander";
import { KernelError, NotebookError } from "../core/errors.js";
import { CONNECTION_FILE } from "../kernel/runner/kernel-client.js";
import { parameterValue } from "../kernel/runner/parameters.js";
import type { CellFailure } from "../kernel/runner/run-cells.js";
import { runNotebook } from "../kernel/runner/run-notebook.js";
import { expectWritable } from "../kernel/runner/whole-file.js";
import { createCellProgress, seconds } from "./cell-progress.js";
import { type CliDeps, InterruptedError, UsageError } from "./paint.js";
import { number } from "./values.js";

interface RunFlags {
  readonly out?: string;
  readonly timeout?: number;
  readonly allowErrors?: true;
  readonly set?: ReadonlyMap<string, unknown>;
  readonly kernel?: readonly string[];
}

export type RunDeps = Pick<CliDeps, "stdout" | "stderr" | "onInterrupt">;

/** Adds the command to the program. */
export function runCommand(program: Command, deps: RunDeps): void {
  program
    .command("run")
    .summary("execute a notebook, without a browser")
    .description(
      "Execute a notebook's code cells in order and keep their outputs: in the notebook itself, or in --out. What has run is kept when a cell fails, too.",
    )
    .argument("<notebook.ipynb>", "the notebook; it runs in its own folder")
    .option("--out <file>", "where the executed notebook goes; default in place")
    .option(
      "--timeout <seconds>",
      "that one cell may take; default no limit. A cell that takes longer is interrupted, and ends the run",
      number(0),
    )
    .option("--allow-errors", "go on after a cell that fails; without it, only after one tagged raises-exception")
    .option("--set <name=value>", "replaces a parameter of the cell tagged parameters: JSON, else text; may be repeated", setting)
    .option(
      "--kernel <command>",
      `another kernel, such as "deno jupyter --kernel --conn ${CONNECTION_FILE}"; started in the notebook's folder; default Veduta's own`,
      kernelWords,
    )
    .addHelpText(
      "after",
      "\nExamples:\n  veduta run notebooks/01-a-first-panorama.ipynb\n  veduta run lesson.ipynb --out run.ipynb --set seed=7 --timeout 60\n",
    )
    .action((file: string, flags: RunFlags) => run(file, flags, deps));
}

async function run(file: string, flags: RunFlags, { stdout, stderr, onInterrupt }: RunDeps): Promise<void> {
  const { out = file, timeout, allowErrors, set, kernel } = flags;
  if (flags.out !== undefined) await asked("--out", expectWritable(flags.out));
  const stop = new AbortController();
  let deaf = onInterrupt(() => {
    deaf = onInterrupt(() => process.exit(130)); // the kernel's process ends with ours
    stderr.write("\nStopping this cell; what has run is kept. Once more stops at once.\n");
    stop.abort();
  });
  const begun = performance.now();
  const progress = createCellProgress({ out: stderr });
  const ticking = setInterval(progress.tick, 1000);
  try {
    const { notebook, failure, errors } = await runNotebook(file, {
      out,
      set,
      command: kernel,
      timeout: timeout === undefined ? undefined : 1000 * timeout,
      errors: allowErrors ? "go on" : "stop",
      signal: stop.signal,
      onStart: progress.start,
      onEnd: progress.end,
    }).finally(progress.clear);
    for (const error of errors) stderr.write(`${told(error)}\n`);
    const kept = `What has run is in ${out}.`;
    if (failure?.kind === "stopped") throw new InterruptedError(`Stopped in cell ${failure.number} of ${failure.of}. ${kept}`);
    if (failure) throw new KernelError(`${file}: ${told(failure)}\n${kept}`);
    const cells = notebook.cells.filter((cell) => cell.cell_type === "code" && cell.execution_count !== null).length;
    stdout.write(`${out}\n${cells} cells in ${seconds(performance.now() - begun)}\n`);
  } catch (error) {
    if (stop.signal.aborted && error === stop.signal.reason)
      throw new InterruptedError("Stopped before the first cell; nothing was written.");
    throw error;
  } finally {
    clearInterval(ticking);
    deaf();
  }
}

const told = ({ number, of, line, message }: CellFailure): string => `cell ${number} of ${of} (${line}): ${message}`;

/** What is wrong with a flag is the command line's to put right. */
async function asked(flag: string, check: Promise<void>): Promise<void> {
  await check.catch((error: unknown) => {
    throw error instanceof NotebookError ? new UsageError(`${flag} ${error.message}`, { cause: error }) : error;
  });
}

const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

/** name=value, added to the earlier ones. */
function setting(word: string, earlier: ReadonlyMap<string, unknown> = new Map()): ReadonlyMap<string, unknown> {
  const at = word.indexOf("=");
  const name = word.slice(0, Math.max(0, at)).trim();
  if (!NAME.test(name)) throw new InvalidArgumentError("Want name=value, such as seed=7.");
  return new Map([...earlier, [name, parameterValue(word.slice(at + 1))]]);
}

/** A command in words; quotes keep spaces. */
function kernelWords(command: string): readonly string[] {
  const words = [...command.matchAll(/"([^"]*)"|'([^']*)'|[^\s"']+/g)].map(([word, double, single]) => double ?? single ?? word);
  if (!words.some((word) => word.includes(CONNECTION_FILE)))
    throw new InvalidArgumentError(`Want a command with ${CONNECTION_FILE} in it.`);
  return words;
}
