/** @file The pictures in a folder that is to be measured: loose files, the runs in it, or the one run that it is. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { CheckpointError } from "../../core/errors.js";
import { fileExists } from "../../core/files.js";
import { object, oneOf, optional, readForm, record, text } from "../../core/forms.js";
import { readJson } from "../../core/json.js";
import { writeWhole } from "../../core/write-whole.js";
import type { RunInfo } from "../run-data.js";
import { pictureName } from "../run-folder.js";

/** A picture that is to be measured. */
export interface FoundPicture {
  readonly file: string;
  /** what pairs it with a picture of another folder: a run's prompt and seed, else the file's name */
  readonly key: string;
  /** a run's; absent for a loose file */
  readonly prompt?: string;
  /** "wrap": a closed panorama, as its run says; "cut" else */
  readonly edge: "cut" | "wrap";
}

/** Pictures that are measured together, and a folder that names them and keeps their features. */
export interface PictureGroup {
  readonly dir: string;
  readonly pictures: readonly FoundPicture[];
}

/** What a folder's pictures.json says of its pictures, by file name. */
export type PictureList = Readonly<Record<string, { readonly key: string; readonly prompt?: string; readonly edge?: "cut" | "wrap" }>>;

const LIST_NAME = "pictures.json";
const LIST = record(object({ key: text(/./), prompt: optional(text()), edge: optional(oneOf(["cut", "wrap"])) }), "pictures by file name");

/** Writes what a folder's pictures are of, for those who measure it. */
export const writePictureList = (dir: string, list: PictureList): Promise<void> =>
  writeWhole(join(dir, LIST_NAME), `${JSON.stringify(list, null, 2)}\n`);

const PICTURE = /\.(png|jpe?g|webp)$/i;

/**
 * Finds the pictures of a folder, sorted by name: the picture of a run's folder; else the pictures in it, and those of the runs in it.
 * @throws CheckpointError where there are none
 */
export function findPictures(dir: string): readonly FoundPicture[] {
  if (fileExists(join(dir, "run.json"))) return [runPicture(dir)];
  let entries: readonly { readonly name: string; isDirectory(): boolean }[];
  try {
    entries = readdirSync(dir, { withFileTypes: true });
  } catch {
    throw new CheckpointError(dir, { expected: "a folder of pictures or runs", found: "no such folder" });
  }
  const listFile = join(dir, LIST_NAME);
  const list: PictureList = fileExists(listFile) ? readForm(listFile, LIST, readJson(listFile)) : {};
  const found = [...entries]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry): FoundPicture[] => {
      const path = join(dir, entry.name);
      if (entry.isDirectory()) return fileExists(join(path, "run.json")) && finished(path) ? [runPicture(path)] : [];
      return PICTURE.test(entry.name) ? [{ ...{ key: entry.name, edge: "cut" }, ...list[entry.name], file: path }] : [];
    });
  if (found.length === 0)
    throw new CheckpointError(dir, { expected: "PNG, JPEG or WebP pictures, or folders of finished runs", found: "none of them" });
  return found;
}

const infoOf = (dir: string): RunInfo => readJson(join(dir, "run.json")) as unknown as RunInfo;
const finished = (dir: string): boolean => infoOf(dir).complete === true;

/** The picture of a finished run's folder. @throws CheckpointError where it is missing */
export function runPicture(dir: string): FoundPicture {
  const info = infoOf(dir);
  const file = join(dir, pictureName(info));
  if (!fileExists(file))
    throw new CheckpointError(file, {
      expected: "the picture of a finished run",
      found: "no such file",
      fix: 'go on with the run: "veduta paint --resume"',
    });
  const { prompt, seed } = info.options;
  const named = typeof prompt === "string";
  return {
    file,
    key: named && typeof seed === "number" ? `${prompt}, seed ${seed}` : basename(dir),
    ...(named && { prompt }),
    edge: info.coverage?.edge === "wrap" ? "wrap" : "cut",
  };
}

/** The sha256 of a file's bytes, in hex: what its features are kept by. */
export const contentOf = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");
