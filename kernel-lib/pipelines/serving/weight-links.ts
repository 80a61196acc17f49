/** @file Weight files in the folders of exported models: hard links to the checkpoint's own, or copies. */
import { constants, linkSync, statSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { expectRoom, freeBytes } from "../new-folder.js";

/** How weight files come into an export. */
export type WeightFiles = "linked" | "copied";

/** Puts weight files into folders of one export. */
export interface WeightLinks {
  /** Puts a file at a path. @throws CheckpointError where it must be copied and the disk has too little room */
  put(file: string, path: string): Promise<void>;
  /** how the files that were put came there; undefined before the first */
  readonly how: WeightFiles | undefined;
}

/** What says that a disk, or the file's owner, allows no hard link. */
const NO_LINK = new Set(["EXDEV", "EPERM", "EACCES", "EMLINK", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/**
 * A hard link needs no room, and ONNX Runtime follows it, while it refuses a symbolic link that leaves the model's folder.
 * @param files all that will be put, as often as they will be, for the room that copies need
 * @param out the export's folder, which may not be there yet
 * @param wanted "linked": copied where the disk allows no hard link, as between two disks; a copy shares its blocks where the file system can
 */
export function weightLinks(files: readonly string[], out: string, wanted: WeightFiles): WeightLinks {
  let how: WeightFiles | undefined;
  return {
    get how() {
      return how;
    },
    async put(file, path) {
      if (how !== "copied" && wanted === "linked" && linked(file, path)) {
        how = "linked";
        return;
      }
      const smaller = wanted === "copied" ? "leave out --copy, so that files of the same disk are linked" : undefined;
      if (how !== "copied") expectRoom(out, bytesOf(files), await freeBytes(out), smaller);
      how = "copied";
      await copyFile(file, path, constants.COPYFILE_FICLONE);
    },
  };
}

/** Bytes of all the files together. */
export const bytesOf = (files: readonly string[]): number => files.reduce((sum, file) => sum + statSync(file).size, 0);

function linked(file: string, path: string): boolean {
  try {
    linkSync(file, path);
    return true;
  } catch (error) {
    if (NO_LINK.has((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

/**
 * Names for weight files that lie in one folder: that of the part whose weights they are, else their own. Two of one name get a number.
 * @param partOf the only part that a file belongs to
 */
export function weightNames(files: readonly string[], partOf: (file: string) => string | undefined): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Set(["model.onnx"]);
  for (const file of files) {
    const ending = extname(file) || ".safetensors"; // the hub's cache names files by their digest
    const stem = partOf(file) ?? (basename(file, extname(file)) || "weights");
    let name = `${stem}${ending}`;
    for (let k = 2; taken.has(name); k++) name = `${stem}-${k}${ending}`;
    taken.add(name);
    names.set(file, name);
  }
  return names;
}
