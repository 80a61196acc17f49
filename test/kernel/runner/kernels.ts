/** @file The kernels that the runner is tested with. Deno and bun are fetched by npx; where that fails, their tests say so in their names. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { ownKernel } from "#kernel-lib/kernel/runner/kernel-client.js";

export interface TestedKernel {
  readonly command: readonly string[];
  /** why it cannot be tested here, or an empty text */
  readonly missing: string;
}

/** The program of a package that is fetched into npx's cache; undefined where it cannot be fetched. */
export function fetched(name: "deno" | "bun", version: string): string | undefined {
  try {
    const found = execFileSync("npx", ["-y", "-p", `${name}@${version}`, "--", "node", "-p", "process.env.PATH"], { encoding: "utf8" });
    const program = found
      .trim()
      .split(":")
      .map((folder) => join(folder, name))
      .find((file) => file.includes("_npx") && existsSync(file));
    if (!program) return undefined;
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return program;
  } catch {
    return undefined;
  }
}

export const DENO = fetched("deno", "2.9.6");
export const notFetched = (name: string): string => ` (not run: npx could not fetch ${name})`;

const tslab = join(dirname(createRequire(import.meta.url).resolve("tslab/package.json")), "bin/tslab");

export const KERNELS = {
  own: { command: ownKernel(), missing: existsSync(ownKernel()[1]) ? "" : " (not run: our kernel is not built; npm run build)" },
  tslab: { command: [process.execPath, tslab, "kernel", "--config-path", "{connection_file}"], missing: "" },
  deno: { command: [DENO ?? "deno", "jupyter", "--kernel", "--conn", "{connection_file}"], missing: DENO ? "" : notFetched("deno") },
} as const satisfies Record<string, TestedKernel>;
