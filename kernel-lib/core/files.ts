/** @file Reads untrusted files: only regular files, of bounded size, as strict UTF-8. Errors name the file. */
import { closeSync, fstatSync, openSync, readdirSync, readSync, realpathSync, statSync } from "node:fs";
import { CheckpointError } from "./errors.js";
import { bytesInWords } from "./words.js";

/** Whether a regular file of this name exists; symlinks are followed. A path through a file leads to none. */
export function fileExists(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return false;
    throw error;
  }
}

/** The names in a folder; an empty list if there is no folder. */
export function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/**
 * Opens a regular file, passes it to `use`, and always closes it.
 * @throws CheckpointError if the file does not exist or cannot be read
 */
export function withFile<T>(file: string, use: (opened: { fd: number; size: number; path: string }) => T): T {
  let fd: number;
  let path: string;
  try {
    path = realpathSync(file);
    // A pipe would block the call that opens it.
    if (!statSync(path).isFile()) throw Object.assign(new Error(), { code: "not a regular file" });
    fd = openSync(path, "r");
  } catch (error) {
    throw new CheckpointError(file, { expected: "a file that can be read", found: systemReason(error) });
  }
  try {
    const { size } = fstatSync(fd);
    if (size < LFS_POINTER) expectContent(file, fd, size);
    return use({ fd, size, path });
  } catch (error) {
    if (isSystemError(error)) throw new CheckpointError(file, { expected: "a file that can be read", found: systemReason(error) });
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** A Git LFS pointer is smaller (git-lfs, docs/spec.md). */
const LFS_POINTER = 1024;

/** @throws CheckpointError for a Git LFS pointer, which a clone without git-lfs leaves in place of a large file */
function expectContent(file: string, fd: number, size: number): void {
  const bytes = new Uint8Array(size);
  readFully(fd, file, bytes, 0);
  const text = Buffer.from(bytes).toString("latin1");
  if (!/^version https:\/\/(git-lfs\.github\.com|hawser\.github\.com)\/spec\//.test(text)) return;
  const [, length] = /^size (\d+)$/m.exec(text) ?? [];
  throw new CheckpointError(file, {
    expected: "the file itself",
    found: `a Git LFS pointer to it${length ? ` (${bytesInWords(Number(length))})` : ""}`,
    fix: 'run "git lfs pull" in its repository, or download the file',
  });
}

/** Fills `into` from a position in the file. @throws CheckpointError if the file ends before */
export function readFully(fd: number, file: string, into: Uint8Array, position: number): void {
  let done = 0;
  while (done < into.length) {
    // One read call takes at most 2 GiB.
    const got = readSync(fd, into, done, Math.min(into.length - done, 2 ** 30), position + done);
    if (got === 0)
      throw new CheckpointError(file, {
        expected: `${into.length} bytes from byte ${position}`,
        found: `${done} bytes (the file has shrunk)`,
      });
    done += got;
  }
}

/** Reads a file of at most `maxBytes` as strict UTF-8. */
export function readText(file: string, { maxBytes = 16 * 2 ** 20 }: { readonly maxBytes?: number } = {}): string {
  return withFile(file, ({ fd, size }) => {
    if (size > maxBytes) throw new CheckpointError(file, { expected: `at most ${maxBytes} bytes`, found: `${size} bytes` });
    const bytes = new Uint8Array(size);
    readFully(fd, file, bytes, 0);
    return decodeText(file, bytes);
  });
}

/** Decodes bytes as strict UTF-8. */
export function decodeText(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new CheckpointError(file, { expected: "UTF-8 text", found: "bytes that are not valid UTF-8" });
  }
}

const isSystemError = (error: unknown): error is Error & { code: string } =>
  error instanceof Error && "code" in error && typeof error.code === "string" && !(error instanceof CheckpointError);

/** The reason for a system error, in words for the common codes. */
export function systemReason(error: unknown): string {
  if (!isSystemError(error)) return String(error);
  const words: Record<string, string> = {
    ENOENT: "no such file",
    EACCES: "no permission to read it",
    ENOTDIR: "a path through a file",
    ELOOP: "a cycle of links",
  };
  return words[error.code] ?? error.code;
}
