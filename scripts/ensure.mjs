/** @file What the two commands need before they can do their work: Node, the packages, the build. Each is done only where it is missing. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { lockFits, missingPackages } from "./lock.mjs";

/** The repository's folder. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * Runs a program with this terminal; throws where it fails.
 * @param {string} program
 * @param {readonly string[]} words
 * @param {{ env?: NodeJS.ProcessEnv }} [options]
 */
export function run(program, words, { env = process.env } = {}) {
  const { status, signal, error } = spawnSync(program, words, { cwd: ROOT, env, stdio: "inherit" });
  if (error) throw new StepError(`${program} ${words.join(" ")}: ${error.message}`);
  if (status !== 0) throw new StepError(`${program} ${words.join(" ")}: ended with ${signal ?? `exit code ${status}`}`);
}

/** A step that failed and has said why. */
export class StepError extends Error {
  /** @override */
  name = "StepError";
}

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

/** Builds dist/ where its sources changed since it was built. */
export async function ensureBuild() {
  const { build, isBuilt } = await import("./build.mjs");
  if (!isBuilt()) build();
}

/**
 * Runs a command's body; a step that failed ends it with exit code 1 and what it said, without a stack.
 * @param {() => Promise<void>} body
 */
export async function command(body) {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

/** @param {string} name a program's, as in node_modules/.bin */
export function bin(name) {
  const packages = { tsc: "typescript/bin/tsc", biome: "@biomejs/biome/bin/biome", vitest: "vitest/vitest.mjs" };
  const file = fileURLToPath(new URL(`../node_modules/${packages[/** @type {keyof typeof packages} */ (name)]}`, import.meta.url));
  if (!existsSync(file)) throw new StepError(`${name} is not installed; npm test installs what is missing`);
  return file;
}
