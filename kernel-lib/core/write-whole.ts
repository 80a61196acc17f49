/** @file Writes files atomically: a reader sees the old file or the new one, never a part. */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { type FileHandle, mkdir, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** Like `replaceFile`; creates the folder if it is missing. */
export async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await replaceFile(file, content);
}

/**
 * Writes a temporary file and renames it over the target. Symlinks are followed; permissions are kept.
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
 * Like `replaceFile`, but synchronous and flushed to disk. A symlink is replaced by a file.
 * @param content the file's content, or a function that writes it to the path it is given
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

/** Writes all bytes to an open file. @param at the byte where the first goes; default the file's end */
export async function writeAll(file: FileHandle, bytes: Uint8Array, at?: number): Promise<void> {
  for (let done = 0; done < bytes.length; )
    done += (await file.write(bytes, done, bytes.length - done, at === undefined ? null : at + done)).bytesWritten;
}
