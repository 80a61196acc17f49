/** @file How a Python script of this folder is run. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL(".", import.meta.url));

/**
 * Runs a script of this folder.
 * @param bin the programs of a Python environment
 * @param environment further variables
 * @throws Error with the end of what it said, where it fails
 */
export async function runPython(
  bin: string,
  script: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const offline = { HF_HUB_OFFLINE: "1", HF_HUB_DISABLE_TELEMETRY: "1", PYTHONDONTWRITEBYTECODE: "1", OMP_NUM_THREADS: "1" };
  const child = spawn(join(bin, "python"), [join(HERE, script), ...args], {
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

/** Says how far a judge was from Veduta: the numbers of the tables in docs/. */
export const report = (name: string, difference: number): void => console.log(`${name}: ${difference.toExponential(1)}`);
