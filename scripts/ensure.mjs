/** @file Checks the version of Node, and installs missing packages. */
import { readFileSync } from "node:fs";
import { lockFits, missingPackages } from "./lock.mjs";
import { ROOT, run, StepError } from "./paths.mjs";

/** Runs the npm that started this script, else the one on the path. @param {readonly string[]} words its arguments */
export function npm(words) {
  const script = process.env.npm_execpath;
  if (script?.endsWith(".js")) return run(process.execPath, [script, ...words]);
  return process.platform === "win32" ? run("cmd.exe", ["/d", "/s", "/c", "npm", ...words]) : run("npm", words);
}

export function ensureNode() {
  const { engines } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const least = engines.node.match(/\d+/g).map(Number);
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < least[0] || (major === least[0] && minor < least[1]))
    throw new StepError(`Veduta needs Node ${least.join(".")} or newer, and this is ${process.versions.node}; get it from nodejs.org`);
}

/** Installs only the missing packages. */
export function ensurePackages() {
  const missing = missingPackages(ROOT);
  if (missing.length === 0) return;
  console.log(`Installing ${missing.length} packages into node_modules …`);
  npm([lockFits(ROOT) ? "ci" : "install", "--include=dev", "--ignore-scripts"]);
  const still = missingPackages(ROOT);
  if (still.length > 0) throw new StepError(`npm did not install ${still.slice(0, 5).join(", ")}`);
}
