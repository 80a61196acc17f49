/** @file Executes a notebook's file in a new kernel and writes it with its outputs. */
import { dirname, resolve } from "node:path";
import { NotebookError } from "../../core/errors.js";
import { isObject } from "../../core/json.js";
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
 * Runs a notebook in its own folder. Outputs of earlier runs are replaced, whatever they are. The outputs so far are kept if a cell fails, the kernel ends or `signal` aborts. The file is written
 * once, at the end.
 * @throws NotebookError if it cannot be read or written, or is of another language than the kernel (all are checked first); KernelError if no kernel
 * starts
 */
export async function runNotebook(file: string, { out = file, set, command, ...options }: RunNotebookOptions = {}): Promise<RanCells> {
  const read = await readNotebook(file, "dropped"); // every cell gets new outputs
  if (command === undefined) expectOurLanguage(file, read);
  const notebook = withParameters(file, read, set ?? new Map());
  await expectWritable(out);
  const ran = await runInKernel(notebook, dirname(resolve(file)), command, options);
  await saveNotebook(out, ran.notebook);
  return ran;
}

/** What Veduta's kernel runs. */
const LANGUAGES = ["typescript", "javascript"];

/** Refuses a notebook that says it is of another language. */
function expectOurLanguage(file: string, { metadata }: Notebook): void {
  const { kernelspec, language_info: info } = metadata;
  const named = [isObject(kernelspec) ? kernelspec.language : undefined, isObject(info) ? info.name : undefined];
  const language = named.find((each) => typeof each === "string");
  if (typeof language === "string" && !LANGUAGES.includes(language.toLowerCase()))
    throw new NotebookError(file, {
      expected: "a notebook in TypeScript or JavaScript",
      found: `one in ${language}`,
      fix: "name a kernel of that language with --kernel",
    });
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
