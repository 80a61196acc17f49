/** @file Finds programs that tests need and npm lacks, and installs Debian's packages if this machine allows it. */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * The first program of these names on the path.
 * @param {readonly string[]} names
 * @returns {string | undefined} its path
 */
export function findProgram(names) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isProgram);
}

/** @param {string} file */
export function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Finds a program by `find`. If it is missing, and this is root on Debian, installs it first.
 * @param {() => string | undefined} find
 * @param {{ what: string, packages: readonly string[] }} options
 * @returns {string | undefined}
 */
export function ensureProgram(find, { what, packages }) {
  const found = find();
  if (found || process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return found;
  console.log(`Installing ${what} (apt-get install ${packages.join(" ")}) …`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = (/** @type {string[]} */ ...words) =>
    spawnSync("/usr/bin/apt-get", ["-qq", ...words], { env, stdio: ["ignore", "ignore", "inherit"] }).status === 0;
  apt("update");
  if (!apt("install", "-y", "--no-install-recommends", ...packages)) console.log("apt-get could not install it.");
  return find();
}
