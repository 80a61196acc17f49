/** @file Executes a notebook's code cells in order, and keeps what they put out. */

import { KernelError } from "../../core/errors.js";
import type { JsonObject } from "../../core/json.js";
import { type CodeCell, joined, type Notebook, tagsOf } from "../nbformat.js";
import type { KernelClient } from "./kernel-client.js";
import { type CellOutputs, countOf, createOutputs, errorOf } from "./outputs.js";
import { errorOfStderr } from "./stock-tslab.js";

/** A code cell that runs: its number among those with code, from 1, which is also the number that the kernel gives it. */
export interface RunningCell {
  readonly number: number;
  /** how many there are */
  readonly of: number;
  /** its first line */
  readonly line: string;
}

export interface CellFailure extends RunningCell {
  /** error: it threw, or does not compile; died: the kernel ended */
  readonly kind: "error" | "timeout" | "died" | "stopped";
  /** what happened, in words */
  readonly message: string;
}

export interface RunCellsOptions {
  /** milliseconds that a cell may take; default no limit */
  readonly timeout?: number;
  /** after a cell's error; a cell tagged raises-exception never stops. Default "stop" */
  readonly errors?: "stop" | "go on";
  /** interrupts the running cell, and runs no other */
  readonly signal?: AbortSignal;
  readonly onStart?: (cell: RunningCell) => void;
  readonly onEnd?: (cell: RunningCell, failure?: CellFailure) => void;
}

/** A notebook with its outputs so far, and what ended the run early. */
export interface RanCells {
  readonly notebook: Notebook;
  readonly failure?: CellFailure;
  /** errors that the run went on after */
  readonly errors: readonly CellFailure[];
}

/** What an interrupted cell may take to end. */
const GRACE = 2000;
/** What may still be on its way at the end. */
const LATE = 200;
/** Deno's kernel says that it is idle before all of a cell's standard output is published, and what comes late would be the next cell's. */
const latenessOf = ({ implementation }: JsonObject): number => (/deno/i.test(String(implementation)) ? LATE : 0);

export async function runCells(notebook: Notebook, kernel: KernelClient, options: RunCellsOptions = {}): Promise<RanCells> {
  const { signal, errors = "stop", onStart, onEnd } = options;
  const outputs = createOutputs();
  const ran = new Map<CodeCell, { readonly kept: CellOutputs; count: number | null }>();
  const cells = notebook.cells.filter((cell): cell is CodeCell => cell.cell_type === "code" && joined(cell.source).trim() !== "");
  const failures: CellFailure[] = [];
  let failure: CellFailure | undefined;
  for (const [i, cell] of cells.entries()) {
    const running = { number: i + 1, of: cells.length, line: firstLine(joined(cell.source)) };
    if (signal?.aborted) {
      failure = { ...running, kind: "stopped", message: "stopped before it ran" };
      break;
    }
    onStart?.(running);
    const kept = outputs.cell();
    const state: { readonly kept: CellOutputs; count: number | null } = { kept, count: null };
    ran.set(cell, state);
    const ended = await runCell(cell, kernel, kept, options);
    state.count = ended.count;
    await kernel.quiet(latenessOf(kernel.info));
    const failed = ended.kind && { ...running, kind: ended.kind, message: ended.message };
    onEnd?.(running, failed);
    if (!failed) continue;
    if (failed.kind === "error" && (errors === "go on" || tagsOf(cell).includes("raises-exception"))) failures.push(failed);
    else {
      failure = failed;
      break;
    }
  }
  await kernel.quiet(LATE);
  const withOutputs = notebook.cells.map((cell) => {
    if (cell.cell_type !== "code") return cell;
    const state = ran.get(cell);
    return { ...cell, outputs: state?.kept.list() ?? [], execution_count: state?.count ?? null };
  });
  const metadata = { ...notebook.metadata, language_info: kernel.info.language_info };
  return { notebook: { ...notebook, metadata, cells: withOutputs }, failure, errors: failures };
}

type CellEnd = { readonly count: number | null } & (
  | { readonly kind?: undefined }
  | { readonly kind: CellFailure["kind"]; readonly message: string }
);

async function runCell(cell: CodeCell, kernel: KernelClient, kept: CellOutputs, { timeout, signal }: RunCellsOptions): Promise<CellEnd> {
  const clock = new AbortController();
  let ownError = false; // once the runner has stopped a cell, the kernel's word for it would be a second error
  const reply = execute(cell, kernel, (message) => {
    if (!(ownError && message.type === "error")) kept.take(message);
  });
  const ended = await Promise.race([
    reply,
    ...(timeout === undefined ? [] : [elapsed(timeout, clock.signal).then(() => "timeout" as const)]),
    ...(signal ? [aborted(signal, clock.signal).then(() => "stopped" as const)] : []),
  ]);
  clock.abort();
  if (ended === "timeout" || ended === "stopped") {
    ownError = true;
    kernel.interrupt();
    const last = await Promise.race([reply, elapsed(GRACE).then(() => undefined)]);
    const count = last && !(last instanceof KernelError) ? countOf(last) : null;
    const message = ended === "timeout" ? `took longer than ${(timeout ?? 0) / 1000} s` : "was interrupted";
    const ename = ended === "timeout" ? "TimeoutError" : "Interrupted";
    kept.fail({ ename, evalue: `the cell ${message}`, traceback: [`${ename}: the cell ${message}`] });
    return { count, kind: ended, message };
  }
  if (ended instanceof KernelError) {
    const [evalue] = ended.message.split("\n");
    kept.fail({ ename: "KernelDied", evalue, traceback: ended.message.split("\n") });
    return { count: null, kind: "died", message: ended.message };
  }
  const count = countOf(ended);
  if (ended.status === "ok") return { count };
  const outputs = kept.list();
  let error = outputs.findLast((output) => output.output_type === "error");
  if (!error) {
    error = { output_type: "error", ...(ended.ename === undefined ? errorOfStderr(outputs) : errorOf(ended)) };
    kept.fail(error);
  }
  return { count, kind: "error", message: `${error.ename}: ${error.evalue}` };
}

/** A kernel's answer that it will not run the cell: stock tslab's to all that follows an error within 200 ms. */
const ABORTED = /^abort/;

/** @returns the reply's content, or how the kernel ended */
async function execute(cell: CodeCell, kernel: KernelClient, on: (message: Parameters<CellOutputs["take"]>[0]) => void) {
  const content = { code: joined(cell.source), silent: false, store_history: true, user_expressions: {}, allow_stdin: false };
  try {
    for (let tries = 1; ; tries++) {
      const metadata = cell.id === undefined ? {} : { cellId: cell.id };
      const reply: JsonObject = await kernel.request("execute_request", { ...content, stop_on_error: false }, { metadata, on });
      if (!ABORTED.test(String(reply.status)) || tries === 10) return reply;
      await elapsed(100);
    }
  } catch (error) {
    if (error instanceof KernelError) return error;
    throw error;
  }
}

const firstLine = (code: string): string => code.trim().split("\n", 1)[0].trim();

const elapsed = (milliseconds: number, cancelled?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    cancelled?.addEventListener("abort", () => clearTimeout(timer));
  });

const aborted = (signal: AbortSignal, cancelled: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true, signal: cancelled });
  });
