/**
 * @file `npm run lab`: installs what is missing, builds, and opens copies of the lessons in Jupyter; without Jupyter it says how to get it. Jupyter
 * saves outputs and answers into the copies, in lessons/, which git ignores. `--reset` makes fresh copies; other words after `npm run lab --` go to
 * Jupyter.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ensureBuild } from "./build.mjs";
import { ensureNode, ensurePackages } from "./ensure.mjs";
import { command, ROOT } from "./paths.mjs";

await command(async () => {
  ensureNode();
  ensurePackages();
  ensureBuild();
  process.on("SIGINT", () => {}); // the notebook server handles Ctrl-C
  const given = process.argv.slice(2);
  const lessons = copiedLessons(given.includes("--reset"));
  const words = [join(ROOT, "dist/kernel-lib/cli.js"), "lab", lessons, "--", ...given.filter((word) => word !== "--reset")];
  process.exitCode = spawnSync(process.execPath, words, { cwd: ROOT, stdio: "inherit" }).status ?? 1;
});

/** The folder of the copies; what is there stays, unless it is reset. @param {boolean} reset @returns {string} */
function copiedLessons(reset) {
  const [from, to] = [join(ROOT, "notebooks"), join(ROOT, "lessons")];
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    if (!/\.(ipynb|md)$/.test(name)) continue;
    if (reset || !existsSync(join(to, name))) copyFileSync(join(from, name), join(to, name));
  }
  return to;
}
