/** @file Runs cells, and answers requests for completion and inspection. */
import { createHash } from "node:crypto";
import { inspect } from "node:util";
import type { MimeBundle } from "../core/host.js";
import type { Json } from "../ipynb/message.js";
import type { Interpreter, Outcome } from "./interpreter.js";
import { type CellContext, Interrupted, type Interrupts } from "./interrupts.js";
import type { Output } from "./output.js";
import type { AskedOfCompiler, ExecuteRequest } from "./threads.js";
import { diagnosed, type Failure, failureOf, type TraceDeps } from "./traceback.js";

const DISPLAY = Symbol.for("Jupyter.display");

/** Work that must settle before its cell ends. */
export interface Pending {
  add(work: Promise<unknown>): void;
  /** resolves when all work has settled; rejects with the first error */
  settled(): Promise<void>;
  /** forgets all work */
  forget(): void;
}

/** Makes an empty list of pending work. */
export function createPending(): Pending {
  const all = new Set<Promise<unknown>>();
  let errors: unknown[] = [];
  return {
    add(work) {
      const own = errors;
      const settled: Promise<unknown> = work.catch((error) => own.push(error)).finally(() => all.delete(settled));
      all.add(settled);
    },
    async settled() {
      while (all.size > 0) await Promise.all(all);
      if (errors.length > 0) throw errors[0];
    },
    forget() {
      all.clear();
      errors = [];
    },
  };
}

/** What running a cell needs. */
export interface CellsDeps extends TraceDeps {
  readonly interpreter: Interpreter;
  readonly output: Output;
  readonly pending: Pending;
  readonly interrupts: Interrupts;
}

/** Runs a cell and publishes its result or error. @returns the reply's content */
export async function runCell(request: ExecuteRequest, deps: CellsDeps): Promise<Json> {
  const { code, count, silent, userExpressions } = request;
  const label = `Cell In[${count}]`;
  const cell = request.cell ?? createHash("sha256").update(code).digest("hex").slice(0, 16);
  const context = deps.interrupts.begin(cell);
  const overdue = deps.interrupts.overdue(context).then((error): Outcome => {
    deps.interpreter.giveUp();
    return { kind: "thrown", error };
  });
  const outcome = await Promise.race([finished(code, label, context.signal, deps), overdue]);
  deps.interrupts.end();
  deps.pending.forget();
  const failure = await published(outcome, { label, code, count, context }, deps);
  deps.output.flush();
  if (failure) return { status: "error", ...failure };
  return { status: "ok", user_expressions: await evaluated(silent ? {} : userExpressions, label, context.signal, deps) };
}

async function finished(
  code: string,
  label: string,
  signal: AbortSignal,
  { interpreter, interrupts, pending }: CellsDeps,
): Promise<Outcome> {
  const outcome = await interpreter.run(code, label, signal);
  try {
    // A promise as the last value is awaited.
    const value = outcome.kind === "done" ? await interrupts.runtime.wait(outcome.value) : undefined;
    await interrupts.runtime.wait(pending.settled());
    return outcome.kind === "done" ? { kind: "done", value } : outcome;
  } catch (error) {
    return outcome.kind === "done" ? { kind: "thrown", error } : outcome;
  }
}

interface Ran {
  readonly label: string;
  readonly code: string;
  readonly count: number;
  readonly context: CellContext;
}

async function published(outcome: Outcome, { label, code, count, context }: Ran, deps: CellsDeps): Promise<Failure | undefined> {
  let failed = outcome;
  if (outcome.kind === "done") {
    try {
      if (outcome.value !== undefined)
        deps.output.publish("execute_result", { execution_count: count, data: await bundleOf(outcome.value), metadata: {} });
      return undefined;
    } catch (error) {
      failed = { kind: "thrown", error };
    }
  }
  if (failed.kind === "done") return undefined;
  const failure =
    failed.kind === "refused" ? diagnosed(failed.diagnostics, label, code) : failureOf(interruption(failed.error, context), deps);
  deps.output.publish("error", { ...failure });
  return failure;
}

/** Turns the error of a stopped synchronous loop or library call into `Interrupted`. */
function interruption(error: unknown, { signal }: CellContext): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ERR_SCRIPT_EXECUTION_INTERRUPTED") return new Interrupted();
  return signal.aborted && error instanceof Error && error.name === "AbortError" ? signal.reason : error;
}

/** The forms of a value: those of its `Symbol.for("Jupyter.display")` method, and always a text. */
export async function bundleOf(value: unknown): Promise<MimeBundle> {
  const text = inspect(value, { depth: 3, maxArrayLength: 24, maxStringLength: 10_000, breakLength: 100 });
  const show = (value as { [DISPLAY]?: unknown } | null)?.[DISPLAY];
  const own = typeof show === "function" ? await show.call(value) : {};
  return { "text/plain": text, ...(typeof own === "object" ? own : {}) };
}

async function evaluated(
  expressions: Readonly<Record<string, string>>,
  label: string,
  signal: AbortSignal,
  deps: CellsDeps,
): Promise<Json> {
  const results: Record<string, Json> = {};
  for (const [name, code] of Object.entries(expressions)) {
    const outcome = await finished(`(${code})`, `${label} expression ${name}`, signal, deps);
    if (outcome.kind === "done") results[name] = { status: "ok", data: await bundleOf(outcome.value), metadata: {} };
    else
      results[name] = {
        status: "error",
        ...(outcome.kind === "refused" ? diagnosed(outcome.diagnostics, name, `(${code})`) : failureOf(outcome.error, deps)),
      };
  }
  return results;
}

/** Answers a request for completion or inspection. Cursor positions count code points, as in Jupyter. */
export function answerOf(type: AskedOfCompiler, content: Json, interpreter: Interpreter): Json {
  const code = String(content.code ?? "");
  const at = utf16(code, Number(content.cursor_pos ?? 0));
  if (type === "is_complete_request") {
    const { completed, indent } = interpreter.isCompleteCode(code);
    return completed ? { status: "complete" } : { status: "incomplete", indent: indent ?? "" };
  }
  if (type === "complete_request") {
    const { candidates, start, end } = interpreter.complete(code, at);
    return { status: "ok", matches: candidates, cursor_start: codePoints(code, start), cursor_end: codePoints(code, end), metadata: {} };
  }
  const info = interpreter.inspect(code, at);
  if (!info) return { status: "ok", found: false, data: {}, metadata: {} };
  return { status: "ok", found: true, data: { "text/plain": interpreter.printQuickInfo(info) }, metadata: {} };
}

const utf16 = (text: string, points: number): number => [...text].slice(0, points).join("").length;
const codePoints = (text: string, units: number): number => [...text.slice(0, units)].length;
