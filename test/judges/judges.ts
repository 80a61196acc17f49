/** @file Python's libraries as judges of Veduta: their environment, and how a script of this folder is run in it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pythonEnv } from "../fixtures/python-env.js";
import { runPython } from "./run-python.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const PINNED = readFileSync(join(HERE, "requirements.txt"), "utf8")
  .split("\n")
  .filter((line) => /^\w/.test(line));

// the pins are complete, so pip need not ask what they depend on
const env = pythonEnv("judges", PINNED, { title: "test/judges/requirements.txt", words: ["--no-deps", "--no-cache-dir"], seconds: 1200 });

/** What a title adds when its test is skipped; an empty text where the judges are here. */
export const missing: string = env.missing;

/** Runs a script of this folder in the judges' environment. @throws Error with the end of what it said, where it fails */
export const judge = (script: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<string> =>
  runPython(env.bin, script, args, environment);

/** Largest |got − want| / |want|. @throws RangeError where there are not as many */
export function worstRelative(got: readonly number[], want: readonly number[]): number {
  if (got.length !== want.length) throw new RangeError(`worstRelative: got ${got.length} numbers, want ${want.length}`);
  return want.reduce((worst, x, k) => Math.max(worst, Math.abs(got[k] - x) / Math.abs(x)), 0);
}
