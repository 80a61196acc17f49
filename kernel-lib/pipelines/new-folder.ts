/** @file A checkpoint's folder that is written whole or not at all. */
import { existsSync, rmSync, statSync } from "node:fs";
import { mkdir, rename, rm, statfs, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { CheckpointError } from "../core/errors.js";
import { listFolder } from "../core/files.js";
import type { JsonObject } from "../core/json.js";
import { bytesInWords } from "../core/words.js";

/** What `writeNewFolder` needs to know before it writes. */
export interface NewFolder {
  /** what to do with a checkpoint that the folder holds, or a run that was killed left. Any other files are never replaced. */
  readonly existing: "refuse" | "replace";
  /** of the weight files */
  readonly bytes: number;
  /** what makes the weights smaller, for the error of a full disk */
  readonly smaller?: string;
  /** whether names in a folder are those of a checkpoint that may be replaced; default: model_index.json is among them */
  readonly isCheckpoint?: (names: readonly string[]) => boolean;
  /** what such a folder is called in errors; default "a checkpoint" */
  readonly kind?: string;
}

/**
 * Writes a checkpoint's folder: beside `dir` first, under the name `dir` + ".partial", then renamed.
 * @param write fills the folder that it is given, and returns what model_index.json holds, which is written last; nothing where the layout has none
 * @returns the folder's full path
 * @throws CheckpointError where `dir` holds something, or its disk has too little room; nothing was written then
 */
export async function writeNewFolder(
  dir: string,
  { existing, bytes, smaller, isCheckpoint = (names) => names.includes("model_index.json"), kind = "a checkpoint" }: NewFolder,
  write: (partial: string) => Promise<JsonObject | undefined>,
): Promise<string> {
  const target = resolve(dir);
  expectFree(target, existing, { isCheckpoint, kind });
  expectRoom(target, bytes, await freeBytes(target), smaller);

  const partial = `${target}.partial`;
  await mkdir(dirname(target), { recursive: true });
  if (existing === "replace") await rm(partial, { recursive: true, force: true });
  await mkdir(partial).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
    const found = "one that another run is writing, or left when it was killed";
    throw new CheckpointError(partial, { expected: "no such folder yet", found, fix: "remove it (--force does)" });
  });
  try {
    const index = await write(partial);
    // last: without it no reader takes the folder for a checkpoint
    if (index) await writeJson(join(partial, "model_index.json"), index);
    await rm(join(target, "model_index.json"), { force: true }); // first: half removed, it is no checkpoint either
    await rm(target, { recursive: true, force: true });
    await rename(partial, target);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
  return target;
}

/** Writes a text; its folder is made where it is missing. */
export async function writeText(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

/** Writes a config. */
export const writeJson = (file: string, json: JsonObject): Promise<void> => writeText(file, `${JSON.stringify(json, null, 2)}\n`);

function expectFree(
  target: string,
  existing: NewFolder["existing"],
  { isCheckpoint: isOne, kind }: Required<Pick<NewFolder, "isCheckpoint" | "kind">>,
): void {
  const holds = listFolder(target);
  const isCheckpoint = isOne(holds);
  const isFile = statSync(target, { throwIfNoEntry: false })?.isDirectory() === false;
  if (!isFile && (holds.length === 0 || (isCheckpoint && existing === "replace"))) return;
  throw new CheckpointError(target, {
    expected: "a new or empty folder",
    found: isFile ? "a file" : isCheckpoint ? kind : holds.sort().slice(0, 5).join(", "),
    fix: isCheckpoint ? "give another one, or replace it (--force)" : "give another one",
  });
}

/** Bytes that the disk of a folder, which need not be there yet, has left. */
export async function freeBytes(folder: string): Promise<number> {
  let there = folder;
  while (!existsSync(there)) there = dirname(there);
  const { bavail, bsize } = await statfs(there);
  return bavail * bsize;
}

/** Checks the room on the disk. @param smaller what would need less of it @throws CheckpointError where there is too little */
export function expectRoom(folder: string, needed: number, free: number, smaller?: string): void {
  if (needed > free)
    throw new CheckpointError(folder, {
      expected: `${bytesInWords(needed)} of free disk space`,
      found: bytesInWords(free),
      fix: ["free some", "give a folder on another disk", smaller].filter((way) => way !== undefined).join(", or "),
    });
}
