/** @file Writes notebooks, pages and scripts. */
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { NotebookError } from "../core/errors.js";
import { systemReason } from "../core/files.js";
import { replaceFile } from "../core/write-whole.js";

/** Checks early whether `saveText` can write a file. @throws NotebookError if it cannot */
export async function expectWritable(file: string): Promise<void> {
  const refuse = (found: string, fix: string) => {
    throw new NotebookError(file, { expected: "a file that can be written", found, fix });
  };
  const there = await stat(file).catch(() => undefined);
  if (there && !there.isFile()) refuse("a folder, or a special file", "name a file");
  const folder = dirname(file);
  const place = await stat(folder).catch(() => undefined);
  if (!place?.isDirectory()) refuse(`no folder ${folder}`, "make it first");
  await access(folder, constants.W_OK).catch(() => refuse(`a folder without write permission, ${folder}`, "name another"));
}

/** Writes a text file atomically. @throws NotebookError if it cannot be written */
export async function saveText(file: string, text: string): Promise<void> {
  await replaceFile(file, text).catch((error) => {
    throw new NotebookError(file, { expected: "to be written", found: systemReason(error) });
  });
}
