/** @file The action of `veduta run`. */
import { KernelError, NotebookError } from "../core/errors.js";
import { duration } from "../core/words.js";
import type { CellFailure } from "../ipynb/runner/run-cells.js";
import { runNotebook } from "../ipynb/runner/run-notebook.js";
import { expectWritable } from "../ipynb/save-text.js";
import { createCellProgress } from "./cell-progress.js";
import { type CliDeps, InterruptedError, UsageError } from "./command.js";

/** The flags of `veduta run`. */
export interface RunFlags {
  readonly out?: string;
  readonly timeout?: number;
  readonly allowErrors?: true;
  readonly set?: ReadonlyMap<string, unknown>;
  readonly kernel?: readonly string[];
}

/** What `veduta run` needs. */
export type RunDeps = Pick<CliDeps, "stdout" | "stderr" | "onInterrupt">;

/** Executes the notebook. @throws UsageError for wrong flags; KernelError if a cell fails */
export async function run(file: string, flags: RunFlags, { stdout, stderr, onInterrupt }: RunDeps): Promise<void> {
  const { out = file, timeout, allowErrors, set, kernel } = flags;
  if (flags.out !== undefined) await checkedFlag("--out", expectWritable(flags.out));
  const stop = new AbortController();
  let stopListening = onInterrupt(() => {
    stopListening = onInterrupt(() => process.exit(130)); // the kernel's process ends with ours
    stderr.write("\nStopping this cell; finished cells are kept. Press Ctrl-C again to stop at once.\n");
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
      onTrack: progress.track,
      onEnd: progress.end,
    }).finally(progress.clear);
    for (const error of errors) stderr.write(`${describe(error)}\n`);
    const kept = `The outputs so far are in ${out}.`;
    if (failure?.kind === "stopped") throw new InterruptedError(`Stopped in cell ${failure.number} of ${failure.of}. ${kept}`);
    if (failure) throw new KernelError(`${file}: ${describe(failure)}\n${kept}`);
    const cells = notebook.cells.filter((cell) => cell.cell_type === "code" && cell.execution_count !== null).length;
    stdout.write(`${out}\n${cells} cells in ${duration(Math.round((performance.now() - begun) / 100) / 10)}\n`);
  } catch (error) {
    if (stop.signal.aborted && error === stop.signal.reason)
      throw new InterruptedError("Stopped before the first cell; nothing was written.");
    throw error;
  } finally {
    clearInterval(ticking);
    stopListening();
  }
}

const describe = ({ number, of, line, message }: CellFailure): string => `cell ${number} of ${of} (${line}): ${message}`;

/** Turns a NotebookError about a flag's value into a UsageError. */
async function checkedFlag(flag: string, check: Promise<void>): Promise<void> {
  await check.catch((error: unknown) => {
    throw error instanceof NotebookError ? new UsageError(`${flag} ${error.message}`, { cause: error }) : error;
  });
}
