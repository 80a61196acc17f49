/** @file Executes a notebook's file in a new kernel and writes it with its outputs. */
import { dirname, resolve } from "node:path";
import type { Notebook } from "../nbformat.js";
import { readNotebook, saveNotebook } from "../notebook-file.js";
import { expectWritable } from "../save-text.js";
import { type KernelOptions, startKernel } from "./kernel-client.js";
import { withParameters } from "./parameters.js";
import { type RanCells, type RunCellsOptions, runCells } from "./run-cells.js";

/** Options of `runNotebook`. */
export interface RunNotebookOptions extends RunCellsOptions, Pick<KernelOptions, "command"> {
  /** the file to write; default the notebook itself */
  readonly out?: string;
  /** values of parameters, which a cell tagged `parameters` declares */
  readonly set?: ReadonlyMap<string, unknown>;
}

/**
 * Runs a notebook in its own folder. The outputs so far are kept if a cell fails, the kernel ends or `signal` aborts. The file is written
 * once, at the end.
 * @throws NotebookError if it cannot be read or written (both are checked first); KernelError if no kernel starts
 */
export async function runNotebook(file: string, { out = file, set, command, ...options }: RunNotebookOptions = {}): Promise<RanCells> {
  const notebook = withParameters(file, await readNotebook(file), set ?? new Map());
  await expectWritable(out);
  const ran = await runInKernel(notebook, dirname(resolve(file)), command, options);
  await saveNotebook(out, ran.notebook);
  return ran;
}

async function runInKernel(
  notebook: Notebook,
  cwd: string,
  command: KernelOptions["command"],
  options: RunCellsOptions,
): Promise<RanCells> {
  const kernel = await startKernel({ command, cwd, signal: options.signal });
  try {
    return await runCells(notebook, kernel, options);
  } finally {
    await kernel.stop();
  }
}
