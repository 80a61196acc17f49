/** @file Notebooks on disk: read with distrust, written whole or not at all, as Jupyter writes them. */
import { readFile } from "node:fs/promises";
import { NotebookError } from "../core/errors.js";
import { systemReason } from "../core/files.js";
import { isObject } from "../core/json.js";
import { checkNotebook, type Notebook } from "./nbformat.js";
import { saveText } from "./save-text.js";

/** @throws NotebookError where the file cannot be read or is no notebook */
export async function readNotebook(file: string): Promise<Notebook> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new NotebookError(file, { expected: "a notebook that can be read", found: systemReason(error) });
  });
  return parseNotebook(file, bytes);
}

/** @param file its name, for errors @throws NotebookError where the bytes are no notebook */
export function parseNotebook(file: string, bytes: Uint8Array): Notebook {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    const found = error instanceof SyntaxError ? error.message.slice(0, 200) : "bytes that are no UTF-8 text";
    throw new NotebookError(file, { expected: "a notebook, which is JSON", found });
  }
  return checkNotebook(file, value);
}

/** The file's text as Jupyter writes it: keys in order, one space a level, a line's end at the end. */
export const notebookText = (notebook: Notebook): string => `${JSON.stringify(notebook, (_key, value) => inOrder(value), 1)}\n`;

const inOrder = (value: unknown): unknown =>
  isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) : value;

/** @throws NotebookError where it cannot be written; an earlier file stays whole then */
export const saveNotebook = (file: string, notebook: Notebook): Promise<void> => saveText(file, notebookText(notebook));
