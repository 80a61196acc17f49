/** @file A file beside a checkpoint that changes it, as it is asked for: its path, and what comes after a colon. */
import { createHash } from "node:crypto";
import { existsSync, readSync } from "node:fs";
import { CheckpointError } from "../../core/errors.js";
import { fileExists, listFolder, withFile } from "../../core/files.js";
import { placeBeside } from "../../hub/cached-repositories.js";
import { hubSettings } from "../../hub/settings.js";

/** A path, and the words after its last colon where there are any; a file whose name holds the colon comes first. */
export function splitWord(word: string): { readonly file: string; readonly rest?: string } {
  const at = word.lastIndexOf(":");
  if (at <= 0 || existsSync(word)) return { file: word };
  return { file: word.slice(0, at), rest: word.slice(at + 1) };
}

/**
 * The file that a word names: a path, or OWNER/NAME of the hub whose only file of weights lies in the cache.
 * @param what in the error
 * @throws CheckpointError where there is none, and where a repository has several
 */
export function fileOf(word: string, what: string): string {
  const file = placeBeside(word, hubSettings());
  if (fileExists(file)) return file;
  const several = file !== word && existsSync(file) ? listFolder(file).sort() : [];
  throw new CheckpointError(word, {
    expected: `${what}: a .safetensors, .pt or .bin file, or OWNER/NAME of the hub`,
    found: several.length > 0 ? `several files in ${file} (${several.join(", ")})` : existsSync(file) ? "a folder" : "no such file",
    fix: several.length > 0 ? "give one of them by its path" : undefined,
  });
}

/** The sha256 of a file, in hex; 100 MB take about 0.1 s. */
export function sha256Of(file: string): string {
  return withFile(file, ({ fd }) => {
    const hash = createHash("sha256");
    const piece = new Uint8Array(2 ** 20);
    for (let read = readSync(fd, piece); read > 0; read = readSync(fd, piece)) hash.update(piece.subarray(0, read));
    return hash.digest("hex");
  });
}

/** Refuses a file with another content than a run has recorded. @throws CheckpointError */
export function expectSha256(file: string, wanted: string | undefined): void {
  if (wanted === undefined) return;
  const found = sha256Of(file);
  if (found !== wanted)
    throw new CheckpointError(file, {
      expected: `sha256 ${wanted}, as the run's record says`,
      found: `sha256 ${found}`,
      fix: "give the file that the run was made with, or name this one to paint with it",
    });
}
