/** @file Executes a notebook's code cells in order and keeps their outputs. */

import { KernelError } from "../../core/errors.js";
import { isObject, type JsonObject } from "../../core/json.js";
import { type TrackPlace, trackPlace } from "../../display/track-view.js";
import { type CodeCell, joined, type Notebook, tagsOf } from "../nbformat.js";
import type { Published } from "./channels.js";
import type { KernelClient } from "./kernel-client.js";
import { type CellOutputs, countOf, createOutputs, errorOf } from "./outputs.js";
import { errorOfStderr } from "./stock-tslab.js";

/** A running code cell. Its number counts non-empty code cells from 1, like the kernel's execution count. */
export interface RunningCell {
  readonly number: number;
  /** the number of such cells */
  readonly of: number;
  /** its first line */
  readonly line: string;
}

/** A cell that failed. */
export interface CellFailure extends RunningCell {
  /** "error": it threw or does not compile; "died": the kernel ended */
  readonly kind: "error" | "timeout" | "died" | "stopped";
  /** what happened, in words */
  readonly message: string;
}

/** Options of `runCells`. */
export interface RunCellsOptions {
  /** maximum milliseconds per cell; default no limit */
  readonly timeout?: number;
  /** what to do after a cell's error, unless the cell is tagged raises-exception; default "stop" */
  readonly errors?: "stop" | "go on";
  /** interrupts the running cell; no other cell runs */
  readonly signal?: AbortSignal;
  readonly onStart?: (cell: RunningCell) => void;
  /** Called when the output of a `track` in the running cell says how far its run is; undefined once that run has ended. */
  readonly onTrack?: (cell: RunningCell, place: TrackPlace | undefined) => void;
  readonly onEnd?: (cell: RunningCell, failure?: CellFailure) => void;
}

/** A notebook with its outputs, and the failure that ended the run early. */
export interface RanCells {
  readonly notebook: Notebook;
  readonly failure?: CellFailure;
  /** errors after which the run continued */
  readonly errors: readonly CellFailure[];
}

/** Milliseconds that an interrupted cell has to end. */
const GRACE = 2000;
/** Milliseconds of silence after the last cell, for late outputs. */
const LATE = 200;
/**
 * Milliseconds of silence to wait after a cell. Deno's kernel is idle before it has published all of a cell's output, which would go to the next
 * cell.
 */
const latenessOf = ({ implementation }: JsonObject): number => (/deno/i.test(String(implementation)) ? LATE : 0);

/** Executes a notebook's code cells in order, in a kernel that runs. */
export async function runCells(notebook: Notebook, kernel: KernelClient, options: RunCellsOptions = {}): Promise<RanCells> {
  const { signal, errors = "stop", onStart, onTrack, onEnd } = options;
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
    const watch = watchTrack((place) => onTrack?.(running, place));
    const take = (message: Published) => {
      kept.take(message);
      watch(message);
    };
    const ended = await runCell(cell, kernel, { ...kept, take }, options);
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
  let ownError = false; // after the runner stopped a cell, the kernel's error for that is left out
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

/** The status of a cell that a kernel refuses to run: stock tslab refuses all requests within 200 ms of an error. */
const ABORTED = /^abort/;

/** Sends a cell to the kernel. @returns the reply's content, or an error if the kernel ended */
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

/** Finds among a cell's messages those of `track`, and tells how far its run is. */
function watchTrack(tell: (place: TrackPlace | undefined) => void): (message: Published) => void {
  let watched: unknown; // the id of its output
  return ({ type, content: { data, transient } }) => {
    if (!/^(update_)?display_data$/.test(type) || !isObject(data) || !isObject(transient)) return;
    const place = trackPlace(String(data["text/plain"] ?? ""));
    if (!place && transient.display_id !== watched) return;
    watched = transient.display_id;
    tell(place);
  };
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
