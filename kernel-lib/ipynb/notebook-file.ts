/** @file Reads, checks and writes notebooks. Files are written atomically, in Jupyter's layout. */
import { readFile } from "node:fs/promises";
import { NotebookError } from "../core/errors.js";
import { systemReason } from "../core/files.js";
import { isObject } from "../core/json.js";
import { checkNotebook, type Notebook } from "./nbformat.js";
import { saveText } from "./save-text.js";

/** What is read of a notebook: all of it, or its cells without their outputs, whatever these are. */
export type ReadOutputs = "kept" | "dropped";

/** Reads a notebook. @param outputs default "kept" @throws NotebookError if the file cannot be read or is not a notebook */
export async function readNotebook(file: string, outputs: ReadOutputs = "kept"): Promise<Notebook> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new NotebookError(file, { expected: "a notebook that can be read", found: systemReason(error) });
  });
  return parseNotebook(file, bytes, outputs);
}

/** Parses a notebook. @param file its name, for errors @param outputs default "kept" @throws NotebookError if the bytes are not a notebook */
export function parseNotebook(file: string, bytes: Uint8Array, outputs: ReadOutputs = "kept"): Notebook {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    const found = error instanceof SyntaxError ? error.message.slice(0, 200) : "bytes that are not UTF-8";
    throw new NotebookError(file, { expected: "a notebook, which is JSON", found });
  }
  return checkNotebook(file, outputs === "dropped" ? withoutOutputs(value) : value);
}

/** The same with code cells that have not run. What is no notebook stays as it is. */
function withoutOutputs(value: unknown): unknown {
  if (!isObject(value) || !Array.isArray(value.cells)) return value;
  const cells = value.cells.map((cell: unknown) =>
    isObject(cell) && cell.cell_type === "code" ? { ...cell, outputs: [], execution_count: null } : cell,
  );
  return { ...value, cells };
}

/** Writes a notebook as Jupyter does: sorted keys, an indent of one space, a final newline. */
export const notebookText = (notebook: Notebook): string => `${JSON.stringify(notebook, (_key, value) => inOrder(value), 1)}\n`;

const inOrder = (value: unknown): unknown =>
  isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) : value;

/** Writes a notebook's file. @throws NotebookError if it cannot be written; an earlier file is kept then */
export const saveNotebook = (file: string, notebook: Notebook): Promise<void> => saveText(file, notebookText(notebook));
