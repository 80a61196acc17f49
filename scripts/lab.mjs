/**
 * @file `npm run lab`: installs what is missing, builds, and opens notebooks/ in Jupyter; without Jupyter it says how to get it. Arguments after
 * `npm run lab --` go to Jupyter.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensureBuild } from "./build.mjs";
import { ensureNode, ensurePackages } from "./ensure.mjs";
import { command, ROOT } from "./paths.mjs";

await command(async () => {
  ensureNode();
  ensurePackages();
  ensureBuild();
  process.on("SIGINT", () => {}); // the notebook server handles Ctrl-C
  const words = [join(ROOT, "dist/kernel-lib/cli.js"), "lab", join(ROOT, "notebooks"), "--", ...process.argv.slice(2)];
  process.exitCode = spawnSync(process.execPath, words, { cwd: ROOT, stdio: "inherit" }).status ?? 1;
});
