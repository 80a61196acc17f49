/** @file Notebooks on disk: read with distrust, written whole or not at all, as Jupyter writes them. */
import { constants } from "node:fs";
import { access, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { isObject, systemReason } from "../../checkpoint/json.js";
import { NotebookError } from "../../core/errors.js";
import { checkNotebook, type Notebook } from "./nbformat.js";

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

/** Says early whether `saveNotebook` could write there. @throws NotebookError where it could not */
export async function expectWritable(file: string): Promise<void> {
  const refuse = (found: string, fix: string) => {
    throw new NotebookError(file, { expected: "a file that can be written", found, fix });
  };
  const there = await stat(file).catch(() => undefined);
  if (there && !there.isFile()) refuse("a folder, or no regular file", "name a file");
  const folder = dirname(file);
  const place = await stat(folder).catch(() => undefined);
  if (!place?.isDirectory()) refuse(`no folder ${folder}`, "make it first");
  await access(folder, constants.W_OK).catch(() => refuse(`a folder that nothing can be written to, ${folder}`, "name another"));
}

/** Writes beside the file and renames; an earlier file stays whole where that fails. @throws NotebookError where it cannot be written */
export async function saveNotebook(file: string, notebook: Notebook): Promise<void> {
  const target = await realpath(file).catch(() => file); // a link stays one
  const mode = ((await stat(target).catch(() => undefined))?.mode ?? 0o644) & 0o777;
  const beside = `${target}.${process.pid}.part`;
  try {
    await writeFile(beside, notebookText(notebook), { mode });
    await rename(beside, target);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    throw new NotebookError(file, { expected: "to keep the outputs", found: systemReason(error) });
  }
}
