/** @file What every command needs before it can do its work: Node and the packages. Each is done only where it is missing. */
import { readFileSync } from "node:fs";
import { lockFits, missingPackages } from "./lock.mjs";
import { ROOT, run, StepError } from "./paths.mjs";

/** @param {readonly string[]} words of the npm that started us, else the one on the path */
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
    throw new StepError(`Veduta needs Node ${least.join(".")} or newer, and this is ${process.versions.node}; get one from nodejs.org`);
}

/** Installs the packages that are missing; what is there already is not installed again. */
export function ensurePackages() {
  const missing = missingPackages(ROOT);
  if (missing.length === 0) return;
  console.log(`Installing ${missing.length} packages into node_modules …`);
  npm([lockFits(ROOT) ? "ci" : "install", "--include=dev", "--ignore-scripts"]);
  const still = missingPackages(ROOT);
  if (still.length > 0) throw new StepError(`npm did not install ${still.slice(0, 5).join(", ")}`);
}
