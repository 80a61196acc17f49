/** @file What all scripts share: the repository's folder, the programs in it, and how a step is run and fails. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The repository's folder. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * Runs a program with this terminal; throws if it fails.
 * @param {string} program
 * @param {readonly string[]} words
 * @param {{ env?: NodeJS.ProcessEnv }} [options]
 */
export function run(program, words, { env = process.env } = {}) {
  const { status, signal, error } = spawnSync(program, words, { cwd: ROOT, env, stdio: "inherit" });
  if (error) throw new StepError(`${program} ${words.join(" ")}: ${error.message}`);
  if (status !== 0) throw new StepError(`${program} ${words.join(" ")}: ended with ${signal ?? `exit code ${status}`}`);
}

/** A step failed, and its output says why. */
export class StepError extends Error {
  /** @override */
  name = "StepError";
}

/**
 * Runs a command's body. A failed step ends it with exit code 1 and a message without a stack.
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
