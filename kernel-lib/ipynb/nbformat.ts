/**
 * @file Notebooks, format 4 (nbformat.readthedocs.io): their types, and the check of what a file holds. What the format does not name is kept
 * as it is.
 */

import { NotebookError } from "../core/errors.js";
import { brief, isObject, type JsonObject } from "../core/json.js";

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

/**
 * What a file holds, as a notebook.
 * @throws NotebookError where it is none: which place, what was expected there, what was found
 */
export function checkNotebook(file: string, value: unknown): Notebook {
  const refuse = (place: string, expected: string, found: unknown, fix?: string): never => {
    throw new NotebookError(place ? `${file}: ${place}` : file, { expected, found: brief(found), fix });
  };
  const object = (place: string, found: unknown): JsonObject =>
    isObject(found) ? found : refuse(place, place ? "an object" : "a notebook, a JSON object", found);
  const array = (place: string, found: unknown): readonly unknown[] => (Array.isArray(found) ? found : refuse(place, "a list", found));
  const text = (place: string, found: unknown): void => {
    if (typeof found !== "string") refuse(place, "text", found);
  };
  const multiline = (place: string, found: unknown): void => {
    if (typeof found !== "string" && !(Array.isArray(found) && found.every((line) => typeof line === "string")))
      refuse(place, "text or a list of lines", found);
  };
  const count = (place: string, found: unknown): void => {
    if (found !== null && !Number.isInteger(found)) refuse(place, "a whole number or null", found);
  };
  const mimeData = (place: string, found: unknown): void => {
    for (const [type, form] of Object.entries(object(place, found)))
      if (!/^application\/(.*\+)?json$/.test(type)) multiline(`${place}[${JSON.stringify(type)}]`, form);
  };
  const output = (place: string, found: unknown): void => {
    const { output_type: type, ...fields } = object(place, found);
    if (type === "stream") {
      if (fields.name !== "stdout" && fields.name !== "stderr") refuse(`${place}.name`, '"stdout" or "stderr"', fields.name);
      multiline(`${place}.text`, fields.text);
    } else if (type === "display_data" || type === "execute_result") {
      mimeData(`${place}.data`, fields.data);
      object(`${place}.metadata`, fields.metadata);
      if (type === "execute_result") count(`${place}.execution_count`, fields.execution_count);
    } else if (type === "error") {
      text(`${place}.ename`, fields.ename);
      text(`${place}.evalue`, fields.evalue);
      for (const [i, line] of array(`${place}.traceback`, fields.traceback).entries()) text(`${place}.traceback[${i}]`, line);
    } else refuse(`${place}.output_type`, '"stream", "display_data", "execute_result" or "error"', type);
  };
  const cell = (place: string, found: unknown): void => {
    const { cell_type: type, source, metadata, id, ...fields } = object(place, found);
    if (type !== "code" && type !== "markdown" && type !== "raw") refuse(`${place}.cell_type`, '"code", "markdown" or "raw"', type);
    multiline(`${place}.source`, source);
    object(`${place}.metadata`, metadata);
    if (id !== undefined) text(`${place}.id`, id);
    if (type === "code") {
      for (const [i, each] of array(`${place}.outputs`, fields.outputs).entries()) output(`${place}.outputs[${i}]`, each);
      count(`${place}.execution_count`, fields.execution_count);
    } else if (fields.attachments !== undefined)
      for (const [name, data] of Object.entries(object(`${place}.attachments`, fields.attachments)))
        mimeData(`${place}.attachments[${JSON.stringify(name)}]`, data);
  };

  if (depthOf(value) > MAX_DEPTH) refuse("", `JSON nested at most ${MAX_DEPTH} deep`, "deeper nesting");
  const notebook = object("", value);
  if (notebook.nbformat !== 4) refuse("nbformat", "4", notebook.nbformat, "jupyter nbconvert --to notebook brings an older one up to it");
  if (!Number.isInteger(notebook.nbformat_minor) || Number(notebook.nbformat_minor) < 0)
    refuse("nbformat_minor", "a whole number, 0 or more", notebook.nbformat_minor);
  object("metadata", notebook.metadata);
  for (const [i, each] of array("cells", notebook.cells).entries()) cell(`cells[${i}]`, each);
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
