/** @file `npm run check`: types, lint and format, import arrows. Prints its findings, and exits with code 1 if there are any. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureBuild } from "./build.mjs";
import { ensureNode, ensurePackages } from "./ensure.mjs";
import { bin, command, ROOT, run, StepError } from "./paths.mjs";

/** The checks. Tests and scripts need the types of the build, so run that first. @type {Record<string, () => void>} */
export const CHECKS = {
  "types of the viewer": () => run(process.execPath, [bin("tsc"), "-p", join(ROOT, "viewer")]),
  "types of tests and scripts": () => run(process.execPath, [bin("tsc"), "-p", join(ROOT, "test")]),
  "lint and format": () => run(process.execPath, [bin("biome"), "check", "--error-on-warnings", ROOT]),
  "import arrows": () => run(process.execPath, [join(ROOT, "scripts/arrows.mjs")]),
};

/** Runs every check; @returns {string[]} the names of those that failed */
export function failedChecks() {
  return Object.entries(CHECKS).flatMap(([name, check]) => {
    console.log(`Checking ${name} …`);
    try {
      check();
      return [];
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      return [name];
    }
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await command(async () => {
    ensureNode();
    ensurePackages();
    ensureBuild();
    const failed = failedChecks();
    if (failed.length > 0) throw new StepError(`failed: ${failed.join(", ")}`);
  });
