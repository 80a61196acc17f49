/** @file Whether node_modules holds what package-lock.json asks for on this machine. Node's built-ins only. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * @typedef {{ version?: string, optional?: boolean, link?: boolean, os?: string[], cpu?: string[], libc?: string[] }} LockEntry
 * @typedef {{ platform: string, arch: string, libc: string | undefined }} Machine
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
  const wanted = packagesOf(join(root, "package-lock.json"));
  const installed = packagesOf(join(root, "node_modules/.package-lock.json"));
  return Object.entries(wanted).flatMap(([place, entry]) => {
    if (place === "" || entry.link || (entry.optional && !isFor(entry, machine))) return [];
    const there = installed[place]?.version === entry.version && existsSync(join(root, place, "package.json"));
    return there ? [] : [place];
  });
}

/**
 * Whether the lock file was made for package.json as it is: then `npm ci` takes it.
 * @param {string} root
 */
export function lockFits(root) {
  const wanted = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const locked = packagesOf(join(root, "package-lock.json"))[""];
  const kinds = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];
  return locked !== undefined && kinds.every((kind) => sorted(wanted[kind]) === sorted(/** @type {any} */ (locked)[kind]));
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

/** npm's lists: names that are meant, or "!name" for one that is not. @param {string[] | undefined} list @param {string} name */
function lists(list, name) {
  if (list === undefined) return true;
  const [not, only] = [list.filter((word) => word.startsWith("!")), list.filter((word) => !word.startsWith("!"))];
  return !not.includes(`!${name}`) && (only.length === 0 || only.includes(name));
}

/** @param {Record<string, string> | undefined} record */
const sorted = (record) => JSON.stringify(Object.entries(record ?? {}).sort());
