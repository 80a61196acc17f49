/** @file Files that are there whole or not at all. */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** As `replaceFile`, the folder made where it is missing. */
export async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await replaceFile(file, content);
}

/**
 * Writes beside the file and renames: a reader sees the old file or the new one, never half of one. A link stays a link, and a file's permissions
 * its own.
 */
export async function replaceFile(file: string, content: string | Uint8Array): Promise<void> {
  const target = await realpath(file).catch(() => file);
  const mode = (await stat(target).catch(() => undefined))?.mode;
  const beside = `${target}.${process.pid}.part`;
  try {
    await writeFile(beside, content, mode === undefined ? {} : { mode: mode & 0o777 });
    await rename(beside, target);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {}); // the folder itself may be gone
    throw error;
  }
}

/**
 * As `replaceFile`, at once and on disk when it returns; a link is replaced by a file.
 * @param content the file's, or a function that writes it under the name that it is given
 */
export function replaceFileSync(file: string, content: string | ((beside: string) => void)): void {
  const beside = `${file}.${process.pid}.part`;
  try {
    if (typeof content === "string") writeFileSync(beside, content, { flush: true });
    else content(beside);
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}
