/** @file What plain scripts run in: this Node, and Deno and Bun as npm has them. Neither is a dependency: npx fetches them once. */
import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Runtime {
  readonly name: string;
  /** why it cannot run here, or an empty text */
  readonly missing: string;
  /** Runs a script to its end. @returns its standard output @throws Error where it fails, or complains of an error */
  run(script: string, words: readonly string[], env: Readonly<Record<string, string>>): string;
}

/** Outside the repository, whose .npmrc forbids the install scripts that Bun needs. */
const cwd = mkdtempSync(join(tmpdir(), "veduta-runtimes-"));
const env = { ...process.env, npm_config_ignore_scripts: "false" };
const call = (program: string, words: readonly string[], more: Readonly<Record<string, string>> = {}): string => {
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    cwd,
    env: { ...env, ...more },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 240_000,
    shell: process.platform === "win32",
  });
  if (error || status !== 0 || /error/i.test(stderr))
    throw new Error(`${program} ${words.join(" ")}: ${error?.message ?? status}\n${stderr}`);
  return stdout;
};

function fetched(name: string, version: string, before: readonly string[]): Runtime {
  const program = ["-y", `${name}@${version}`];
  let missing = "";
  try {
    call("npx", [...program, "--version"]);
  } catch (error) {
    missing = ` (not run: npx cannot fetch ${name}@${version}: ${(error as Error).message.split("\n")[0]})`;
  }
  return { name, missing, run: (script, words, more) => call("npx", [...program, ...before, script, ...words], more) };
}

export const RUNTIMES: readonly Runtime[] = [
  { name: "node", missing: "", run: (script, words, more) => call(process.execPath, [script, ...words], more) },
  fetched("deno", "2.9.6", ["run", "--allow-all"]),
  fetched("bun", "1.4.5", []),
];
