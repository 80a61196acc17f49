/** @file Python's libraries as judges of Veduta: their environment, and how a script of this folder is run in it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pythonEnv } from "../fixtures/python-env.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const PINNED = readFileSync(join(HERE, "requirements.txt"), "utf8")
  .split("\n")
  .filter((line) => /^\w/.test(line));

// the pins are complete, so pip need not ask what they depend on
const env = pythonEnv("judges", PINNED, { title: "test/judges/requirements.txt", words: ["--no-deps", "--no-cache-dir"], seconds: 1200 });

/** What a title adds when its test is skipped; an empty text where the judges are here. */
export const missing: string = env.missing;

/**
 * Runs a script of this folder.
 * @param environment further variables
 * @throws Error with the end of what it said, where it fails
 */
export async function judge(script: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<string> {
  const offline = { HF_HUB_OFFLINE: "1", HF_HUB_DISABLE_TELEMETRY: "1", PYTHONDONTWRITEBYTECODE: "1", OMP_NUM_THREADS: "1" };
  const child = spawn(join(env.bin, "python"), [join(HERE, script), ...args], {
    env: { ...process.env, ...offline, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [said, complained] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    complained += chunk;
  });
  const [status] = await once(child, "close");
  if (status !== 0) throw new Error(`${script} ended with ${status}:\n${complained.slice(-4000)}`);
  return said;
}

/** Largest |got − want| / |want|. @throws RangeError where there are not as many */
export function worstRelative(got: readonly number[], want: readonly number[]): number {
  if (got.length !== want.length) throw new RangeError(`worstRelative: got ${got.length} numbers, want ${want.length}`);
  return want.reduce((worst, x, k) => Math.max(worst, Math.abs(got[k] - x) / Math.abs(x)), 0);
}

/** Says how far a judge was from Veduta: the numbers of the tables in docs/. */
export const report = (name: string, difference: number): void => console.log(`${name}: ${difference.toExponential(1)}`);
