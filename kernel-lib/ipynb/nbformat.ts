/**
 * @file Notebooks, format 4 (nbformat.readthedocs.io): their types, and the check of what a file holds. What the format does not name is kept
 * as it is.
 */

import { NotebookError } from "../core/errors.js";
import { anything, dependent, expectForm, type Form, form, is, list, object, oneOf, optional, record, text } from "../core/forms.js";
import type { JsonObject } from "../core/json.js";

/** Text, whole or in lines that keep their ends. */
export type Multiline = string | readonly string[];

/** One thing's forms by MIME type: text, or JSON where the type says so. */
export type MimeData = Readonly<Record<string, unknown>>;

/** Text on standard output or standard error. */
export interface StreamOutput {
  readonly output_type: "stream";
  readonly name: "stdout" | "stderr";
  readonly text: Multiline;
}
/** A figure that a cell showed. */
export interface DisplayOutput {
  readonly output_type: "display_data";
  readonly data: MimeData;
  readonly metadata: JsonObject;
}
/** The value of a cell's last expression. */
export interface ResultOutput {
  readonly output_type: "execute_result";
  readonly data: MimeData;
  readonly metadata: JsonObject;
  readonly execution_count: number | null;
}
/** An error that ended a cell. */
export interface ErrorOutput {
  readonly output_type: "error";
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}
/** An output of a code cell. */
export type Output = StreamOutput | DisplayOutput | ResultOutput | ErrorOutput;

interface AnyCell {
  /** from format 4.5 on */
  readonly id?: string;
  readonly source: Multiline;
  readonly metadata: JsonObject;
}
/** A code cell with its outputs. */
export interface CodeCell extends AnyCell {
  readonly cell_type: "code";
  readonly outputs: readonly Output[];
  readonly execution_count: number | null;
}
/** A Markdown or raw cell. */
export interface TextCell extends AnyCell {
  readonly cell_type: "markdown" | "raw";
  /** images of the text, by name */
  readonly attachments?: Readonly<Record<string, MimeData>>;
}
/** A cell of a notebook. */
export type Cell = CodeCell | TextCell;

/** A notebook of format 4. */
export interface Notebook {
  readonly nbformat: 4;
  readonly nbformat_minor: number;
  readonly metadata: JsonObject;
  readonly cells: readonly Cell[];
}

/** Text in one piece. */
export const joined = (text: Multiline): string => (typeof text === "string" ? text : text.join(""));

/** A cell's tags. */
export const tagsOf = ({ metadata: { tags } }: Pick<Cell, "metadata">): readonly string[] =>
  Array.isArray(tags) ? tags.filter((tag) => typeof tag === "string") : [];

/** Deepest nesting that a notebook has reason for. */
const MAX_DEPTH = 200;

const MULTILINE = form<Multiline>(
  "text or a list of lines",
  (value) => typeof value === "string" || (Array.isArray(value) && value.every((line) => typeof line === "string")),
);
const COUNT = form<number | null>("a whole number or null", (value) => value === null || Number.isInteger(value));
const OBJECT = record(anything);
const MIME_DATA = dependent((data) =>
  object(
    Object.fromEntries(Object.keys(data).flatMap((type) => (/^application\/(.*\+)?json$/.test(type) ? [] : [[type, MULTILINE] as const]))),
  ),
);

/** An object whose type is one of a table's keys. */
const typed = (key: string, forms: Readonly<Record<string, Form<unknown>>>): Form<unknown> => {
  const names = Object.keys(forms).map((name) => JSON.stringify(name));
  const want = `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
  return dependent((value) => {
    const type = value[key]; // any JSON: an object may even have a toString that is no function
    return typeof type === "string" && Object.hasOwn(forms, type) ? forms[type] : object({ [key]: form(want, () => false) });
  });
};

const DISPLAY = { data: MIME_DATA, metadata: OBJECT };
const OUTPUT = typed("output_type", {
  stream: object({ name: oneOf(["stdout", "stderr"], '"stdout" or "stderr"'), text: MULTILINE }),
  display_data: object(DISPLAY),
  execute_result: object({ ...DISPLAY, execution_count: COUNT }),
  error: object({ ename: text(), evalue: text(), traceback: list(text()) }),
});
const SHARED = { source: MULTILINE, metadata: OBJECT, id: optional(text()) };
const TEXT = object({ ...SHARED, attachments: optional(record(MIME_DATA)) });
const CELL = typed("cell_type", {
  code: object({ ...SHARED, outputs: list(OUTPUT), execution_count: COUNT }),
  markdown: TEXT,
  raw: TEXT,
});
const NOTEBOOK = object(
  {
    nbformat: is(4),
    nbformat_minor: form("a whole number, 0 or more", (value) => Number.isInteger(value) && Number(value) >= 0),
    metadata: OBJECT,
    cells: list(CELL),
  },
  "a notebook, a JSON object",
);

/**
 * What a file holds, as a notebook. It is the value itself: what the format does not name stays.
 * @throws NotebookError where it is none: which place, what was expected there, what was found
 */
export function checkNotebook(file: string, value: unknown): Notebook {
  if (depthOf(value) > MAX_DEPTH)
    throw new NotebookError(file, { expected: `JSON nested at most ${MAX_DEPTH} deep`, found: "deeper nesting" });
  expectForm(NOTEBOOK, value, ({ field, want, found }) => {
    const fix = field === "nbformat" ? "jupyter nbconvert --to notebook brings an older one up to it" : undefined;
    return new NotebookError(field === "" ? file : `${file}: ${field}`, { expected: want, found, fix });
  });
  return value as Notebook;
}

/** How deep a value nests, without recursion; stops counting past the limit. */
function depthOf(value: unknown): number {
  let level: unknown[] = [value];
  for (let depth = 0; ; depth++) {
    const below = level.flatMap((each) => (typeof each === "object" && each !== null ? Object.values(each) : []));
    if (below.length === 0 || depth > MAX_DEPTH) return depth;
    level = below;
  }
}
