/** @file A notebook's file, executed from begin to end in a kernel of its own, and kept with its outputs. */
import { dirname, resolve } from "node:path";
import type { Notebook } from "../nbformat.js";
import { readNotebook, saveNotebook } from "../notebook-file.js";
import { expectWritable } from "../save-text.js";
import { type KernelOptions, startKernel } from "./kernel-client.js";
import { withParameters } from "./parameters.js";
import { type RanCells, type RunCellsOptions, runCells } from "./run-cells.js";

export interface RunNotebookOptions extends RunCellsOptions, Pick<KernelOptions, "command"> {
  /** where the notebook with its outputs goes; default the file itself */
  readonly out?: string;
  /** values for what its cell tagged `parameters` declares */
  readonly set?: ReadonlyMap<string, unknown>;
}

/**
 * Runs a notebook in its own folder. What has run is kept, also where a cell fails, the kernel ends or `signal` stops it; the file is
 * written once, whole, at the end.
 * @throws NotebookError where it cannot be read or kept (both are looked at before anything runs); KernelError where no kernel starts
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
