/** @file Paths that stay where they belong: names from a manifest, a server or a lock file become paths in the cache only through here. */
import { realpathSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { CheckpointError } from "../core/errors.js";
import { type Form, form } from "../core/forms.js";
import { brief } from "../core/json.js";

/** A plain name: no separator, no drive, nothing hidden, no step up. */
const NAME = /^\w[\w.+-]{0,127}$/;

const isPlainPath = (path: unknown): path is string =>
  typeof path === "string" && path.split("/").length <= 8 && path.split("/").every((name) => NAME.test(name));

const PLAIN = "a relative path of plain names";

/** A relative path of plain names with / between them, in a file. */
export const plainPathForm: Form<string> = form(PLAIN, isPlainPath);

/**
 * A relative path of plain names with / between them.
 * @param source where it was read, for errors
 * @throws CheckpointError for anything else: absolute, `..`, backslashes, NUL, drive letters
 */
export function plainPath(source: string, path: unknown): string {
  if (!isPlainPath(path)) throw new CheckpointError(source, { expected: PLAIN, found: brief(path) });
  return path;
}

/**
 * A path below a folder, with the links on the way to it followed as far as they exist.
 * @returns the path itself  @throws CheckpointError where a link leads out of the folder
 */
export function inside(folder: string, ...names: readonly string[]): string {
  const path = join(folder, ...names);
  const [root, real] = [realOf(folder), realOf(path)];
  if (real !== root && !real.startsWith(root + sep))
    throw new CheckpointError(path, { expected: `a path within ${folder}`, found: `a link to ${real}`, fix: "remove that link" });
  return path;
}

/** Links followed; names that do not exist yet are kept. */
function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || parent === path) throw error;
    return join(realOf(parent), path.slice(parent.length));
  }
}
