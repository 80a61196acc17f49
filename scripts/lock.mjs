/** @file Checks whether node_modules holds what package-lock.json requires on this machine. Node's built-ins only. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * @typedef {{ platform: string, arch: string, libc: string | undefined }} Machine
 * @typedef {Record<string, string>} Ranges versions by package
 * @typedef {{
 *   version?: string, optional?: boolean, os?: string[], cpu?: string[], libc?: string[],
 *   dependencies?: Ranges, devDependencies?: Ranges, optionalDependencies?: Ranges, peerDependencies?: Ranges,
 * }} LockEntry
 */

/** @returns {Machine} */
export const thisMachine = () => ({ platform: process.platform, arch: process.arch, libc: libc() });

/** @returns {string | undefined} */
function libc() {
  if (process.platform !== "linux") return undefined;
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return header.glibcVersionRuntime ? "glibc" : "musl";
}

/**
 * The packages of the lock file that this machine needs and node_modules lacks, or has in another version.
 * @param {string} root the repository's
 * @param {Machine} machine
 * @returns {string[]} their places, such as "node_modules/three"
 */
export function missingPackages(root, machine = thisMachine()) {
  const locked = packagesOf(join(root, "package-lock.json"));
  const installed = packagesOf(join(root, "node_modules/.package-lock.json"));
  const isThere = (/** @type {string} */ place) =>
    installed[place]?.version === locked[place].version && existsSync(join(root, place, "package.json"));
  return neededPlaces(locked, machine).filter((place) => !isThere(place));
}

/**
 * The packages that the root needs, directly or not, without optional packages for other machines and what only those need.
 * @param {Record<string, LockEntry>} locked
 * @param {Machine} machine
 */
function neededPlaces(locked, machine) {
  const needed = new Set([""]);
  for (const place of needed) {
    const { dependencies, devDependencies, optionalDependencies, peerDependencies } = locked[place] ?? {};
    for (const name of Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies })) {
      const found = placeOf(locked, name, place);
      if (found !== undefined && !(locked[found].optional && !isFor(locked[found], machine))) needed.add(found);
    }
  }
  needed.delete("");
  return [...needed];
}

/**
 * Where Node finds a package from another package's folder: beside it, or further up.
 * @param {Record<string, LockEntry>} locked
 * @param {string} name
 * @param {string} from
 */
function placeOf(locked, name, from) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const place = `${folder}${folder && "/"}node_modules/${name}`;
    if (place in locked) return place;
    if (folder === "") return undefined;
  }
}

/**
 * Whether the lock file matches package.json, so that `npm ci` accepts it.
 * @param {string} root
 */
export function lockFits(root) {
  const wanted = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const locked = packagesOf(join(root, "package-lock.json"))[""];
  const kinds = /** @type {const} */ (["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"]);
  return locked !== undefined && kinds.every((kind) => sorted(wanted[kind]) === sorted(locked[kind]));
}

/**
 * @param {string} file
 * @returns {Record<string, LockEntry>} none where the file is absent or broken
 */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages ?? {};
  } catch {
    return {};
  }
}

/** @param {LockEntry} entry @param {Machine} machine */
const isFor = ({ os, cpu, libc: libcs }, { platform, arch, libc: own }) =>
  lists(os, platform) && lists(cpu, arch) && (own === undefined || lists(libcs, own));

/** Whether a list of npm names a machine; "!name" excludes one. @param {string[] | undefined} list @param {string} name */
function lists(list, name) {
  if (list === undefined) return true;
  const [not, only] = [list.filter((word) => word.startsWith("!")), list.filter((word) => !word.startsWith("!"))];
  return !not.includes(`!${name}`) && (only.length === 0 || only.includes(name));
}

/** @param {Record<string, string> | undefined} record */
const sorted = (record) => JSON.stringify(Object.entries(record ?? {}).sort());
