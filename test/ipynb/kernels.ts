/** @file The kernels that the runner is tested with. Deno is fetched by npx; where that fails, its tests say so in their names. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { ownKernel } from "#kernel-lib/ipynb/runner/kernel-client.js";
import { RUNTIMES } from "../fixtures/runtimes.js";

export interface TestedKernel {
  readonly command: readonly string[];
  /** why it cannot be tested here, or an empty text */
  readonly missing: string;
}

const deno = RUNTIMES.find(({ name }) => name === "deno");

const tslab = join(dirname(createRequire(import.meta.url).resolve("tslab/package.json")), "bin/tslab");

export const KERNELS = {
  own: { command: ownKernel(), missing: existsSync(ownKernel()[1]) ? "" : " (not run: our kernel is not built; npm run build)" },
  tslab: { command: [process.execPath, tslab, "kernel", "--config-path", "{connection_file}"], missing: "" },
  deno: { command: ["npx", "-y", "deno@2.9.6", "jupyter", "--kernel", "--conn", "{connection_file}"], missing: deno?.missing ?? "" },
} as const satisfies Record<string, TestedKernel>;
