/**
 * @file `npm run lab`: installs what is missing, builds, opens notebooks/ in the Jupyter that is there; where none is, says how to get one. Words after
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
  process.on("SIGINT", () => {}); // Ctrl-C is the notebook's server's to answer
  const words = [join(ROOT, "dist/kernel-lib/cli.js"), "lab", join(ROOT, "notebooks"), "--", ...process.argv.slice(2)];
  process.exitCode = spawnSync(process.execPath, words, { cwd: ROOT, stdio: "inherit" }).status ?? 1;
});
