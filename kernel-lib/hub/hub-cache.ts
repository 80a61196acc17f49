/**
 * @file The hub's cache on disk, as Python's huggingface_hub lays it out (its guide "Understand caching"; file_download.py):
 * models--org--name/blobs/ETAG, refs/REVISION (a commit), snapshots/COMMIT/PATH (links to blobs).
 */
import { constants, copyFileSync, mkdirSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { CheckpointError } from "../core/errors.js";
import { fileExists, listFolder, readText } from "../core/files.js";
import { brief } from "../core/json.js";
import { replaceFileSync } from "../core/write-whole.js";
import { inside, plainPath } from "./paths.js";
import { isCommit } from "./pins.js";

/** The cache of one repository. */
export interface HubCache {
  readonly folder: string;
  /** The commit that a revision was when it was last asked for. */
  commitOf(revision: string): string | undefined;
  keepCommit(revision: string, commit: string): void;
  snapshot(commit: string): string;
  /** Where a file's content is kept. @param etag the server's, without quotes */
  blob(etag: string): string;
  /** The file of a snapshot, links followed, or nothing. */
  file(commit: string, path: string): string | undefined;
  /** Puts a blob into a snapshot: a link, or a copy where the system makes none. */
  place(commit: string, path: string, blob: string): void;
}

/**
 * The snapshot of a repository's folder in the hub's cache (models--org--name): that of its revision main, else its only one.
 * @returns nothing for any other folder
 * @throws CheckpointError where several snapshots are there, and for the cache itself
 */
export function snapshotIn(folder: string): string | undefined {
  const holds = listFolder(folder);
  if (holds.includes("model_index.json")) return undefined;
  const repositories = holds.filter((name) => name.startsWith("models--"));
  if (repositories.length > 0)
    throw new CheckpointError(folder, {
      expected: "one checkpoint",
      found: `the hub's cache, which holds ${repositories.sort().slice(0, 8).join(", ")}`,
      fix: `give one of them, such as ${join(folder, repositories[0])}`,
    });
  const snapshots = listFolder(join(folder, "snapshots")).filter(isCommit);
  if (snapshots.length === 0) return undefined;
  const main = join(folder, "refs", "main");
  const commit = fileExists(main) ? readText(main, { maxBytes: 1000 }).trim() : snapshots[0];
  if (snapshots.includes(commit) && (fileExists(main) || snapshots.length === 1)) return join(folder, "snapshots", commit);
  throw new CheckpointError(folder, {
    expected: "a snapshot of the revision main",
    found: `snapshots ${snapshots.sort().slice(0, 5).join(", ")}`,
    fix: `give one of them, such as ${join(folder, "snapshots", snapshots[0])}`,
  });
}

/** Options of `hubCache`. */
export interface HubCacheOptions {
  /** default fs.symlinkSync */
  readonly symlink?: (target: string, path: string) => void;
}

/** The cache of one repository. @param id org/name */
export function hubCache(root: string, id: string, { symlink = symlinkSync }: HubCacheOptions = {}): HubCache {
  const name = `models--${id.split("/").join("--")}`;
  const folder = join(root, name);
  const snapshot = (commit: string) => join(folder, "snapshots", commit);
  const made = (path: string): string => {
    mkdirSync(dirname(path), { recursive: true });
    return path;
  };
  return {
    folder,
    snapshot,
    commitOf(revision) {
      if (isCommit(revision)) return revision;
      const file = inside(root, name, "refs", revision);
      if (!fileExists(file)) return undefined;
      const commit = readText(file, { maxBytes: 1000 }).trim();
      if (isCommit(commit)) return commit;
      throw new CheckpointError(file, { expected: "a commit's 40 digits", found: brief(commit) });
    },
    keepCommit(revision, commit) {
      if (isCommit(revision)) return;
      const file = made(inside(root, name, "refs", revision));
      replaceFileSync(file, commit);
    },
    blob: (etag) => made(inside(root, name, "blobs", plainPath(`the etag in ${folder}`, etag))),
    file(commit, path) {
      const file = join(snapshot(commit), path);
      return fileExists(file) ? realpathSync(inside(folder, "snapshots", commit, path)) : undefined;
    },
    place(commit, path, blob) {
      const pointer = made(inside(folder, "snapshots", commit, path));
      rmSync(pointer, { force: true }); // a link to nothing
      try {
        symlink(relative(dirname(pointer), blob), pointer);
      } catch (error) {
        const { code = "" } = error as NodeJS.ErrnoException;
        if (code === "EEXIST") return; // another process was faster
        if (!["EPERM", "EACCES", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EINVAL", "UNKNOWN"].includes(code)) throw error;
        replaceFileSync(pointer, (beside) => copyFileSync(blob, beside, constants.COPYFILE_FICLONE));
      }
    },
  };
}
