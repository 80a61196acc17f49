/** @file Formats errors for a notebook: positions in cells, with an excerpt of the line, and without the kernel's own frames. */
import { inspect } from "node:util";
import type { Position } from "./cell-code.js";
import type { Diagnostic } from "./tslab.js";

/** The content of Jupyter's `error` message. */
export interface Failure {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

/** The source of a cell, for its stack frames. */
export interface Source {
  /** its name in stack traces: "Cell In[3]" */
  readonly label: string;
  readonly text: string;
  origin(place: Position): Position | undefined;
}

/** What formatting an error needs. */
export interface TraceDeps {
  /** finds a source by the file name in a stack frame */
  source(file: string): Source | undefined;
  /** the stacks of the awaits that rejected with this error */
  waits(error: Error): readonly string[];
}

const FRAME = /^\s+at (?:(.*?) \()?(?:async )?((?:file:\/\/)?[^()]*?):(\d+):(\d+)\)?$/;
/** Files whose frames are left out. */
const OURS = /^node:|[\\/]kernel-lib[\\/]kernel[\\/]|[\\/]tslab[\\/]dist[\\/]|^evalmachine/;

/** Formats an error. @param error any thrown value */
export function failureOf(error: unknown, deps: TraceDeps): Failure {
  if (!(error instanceof Error) && !isErrorLike(error)) {
    const shown = inspect(error);
    return { ename: typeof error, evalue: shown, traceback: [`Thrown: ${shown}`] };
  }
  const { name, message } = error;
  return { ename: String(name), evalue: String(message), traceback: traced(error as Error, deps, new Set()) };
}

/** Whether a value is an error; errors of another realm are no instances of `Error`. */
const isErrorLike = (value: unknown): value is Error =>
  typeof value === "object" && value !== null && typeof (value as Error).stack === "string" && typeof (value as Error).message === "string";

function traced(error: Error, deps: TraceDeps, seen: Set<unknown>): string[] {
  seen.add(error);
  const frames = String(error.stack ?? "")
    .split("\n")
    .filter((line) => FRAME.test(line));
  const cells = deps.waits(error).flatMap((stack) => stack.split("\n").filter((line) => FRAME.test(line) && frame(line, deps)?.source));
  const lines: string[] = [];
  let excerpted = false;
  const stood = new Set<string>(); // a line of a cell may occur both as a call and as an await: it is shown once
  for (const line of [...frames, ...cells]) {
    const known = frame(line, deps);
    if (!known || stood.has(known.place ? `${known.source?.label}:${known.place.line}` : known.text)) continue;
    stood.add(known.place ? `${known.source?.label}:${known.place.line}` : known.text);
    lines.push(known.text);
    if (known.source && known.place && !excerpted) lines.push(...excerpt(known.source.text, known.place));
    excerpted ||= known.source !== undefined;
  }
  const { cause } = error;
  const parts = error instanceof AggregateError ? error.errors : [];
  const more = [...(cause instanceof Error ? [["caused by", cause] as const] : []), ...parts.map((part) => ["one of them", part] as const)];
  return [
    `${error.name}: ${error.message}`,
    ...lines,
    ...more.flatMap(([how, other]) =>
      seen.has(other) ? [] : other instanceof Error ? prefixed(`${how} `, traced(other, deps, seen)) : [`${how} ${inspect(other)}`],
    ),
  ];
}

const prefixed = (prefix: string, [first, ...rest]: string[]): string[] => [prefix + first, ...rest];

function frame(line: string, deps: TraceDeps): { text: string; source?: Source; place?: Position } | undefined {
  const [, name, file, row, column] = FRAME.exec(line) ?? [];
  if (file === undefined) return undefined;
  const source = deps.source(file);
  if (!source) return OURS.test(file) ? undefined : { text: line.replace(/ at (async )?Proxy\./, " at $1") };
  const place = source.origin({ line: Number(row) - 1, column: Number(column) - 1 });
  if (!place) return undefined;
  const where = `${source.label}, line ${place.line + 1}, column ${place.column + 1}`;
  const called = name?.replace(/^async /, "").replace(/^(Object|Proxy)\./, "");
  return { text: called && !/^(eval|<anonymous>)$/.test(called) ? `    at ${called} (${where})` : `    at ${where}`, source, place };
}

/** The line with its neighbours, and a mark below the column. */
function excerpt(text: string, { line, column }: Position): string[] {
  const lines = text.split("\n");
  const [from, to] = [Math.max(0, line - 1), Math.min(lines.length, line + 2)];
  const width = String(to).length;
  return lines.slice(from, to).flatMap((code, k) => {
    const n = from + k;
    const shown = `    ${n === line ? ">" : " "} ${String(n + 1).padStart(width)} | ${code}`;
    const mark = `      ${" ".repeat(width)} | ${code.slice(0, column).replace(/[^\t]/g, " ")}^`;
    return n === line ? [shown, mark] : [shown];
  });
}

/** Formats a cell's compiler errors. @param diagnostics at least one */
export function diagnosed(diagnostics: readonly Diagnostic[], label: string, text: string): Failure {
  const [{ code, messageText }] = diagnostics;
  const ename = code < 2000 ? "SyntaxError" : "TypeScriptError";
  const evalue = `TS${code}: ${messageText}${diagnostics.length > 1 ? ` (and ${diagnostics.length - 1} more)` : ""}`;
  const traceback = diagnostics.flatMap(({ start, messageText, code, fileName }) => [
    `    at ${fileName ?? label}, line ${start.line + 1}, column ${start.character + 1}: TS${code}: ${messageText}`,
    ...(fileName === undefined ? excerpt(text, { line: start.line, column: start.character }) : []),
  ]);
  return { ename, evalue, traceback: [`${ename}: ${messageText}`, ...traceback] };
}
