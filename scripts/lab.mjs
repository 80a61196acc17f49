/**
 * @file `npm run lab`: installs what is missing, builds, and opens copies of the lessons in Jupyter; without Jupyter it says how to get it. Jupyter
 * saves outputs and answers into the copies, in lessons/, which git ignores. `--reset` makes fresh copies; other words after `npm run lab --` go to
 * Jupyter.
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
  const given = process.argv.slice(2);
  const lessons = join(ROOT, "lessons");
  const { copyLessons } = await import("../dist/kernel-lib/kernel/lessons.js");
  copyLessons(lessons, given.includes("--reset") ? "replace" : "keep");
  const words = [join(ROOT, "dist/kernel-lib/cli.js"), "lab", lessons, "--", ...given.filter((word) => word !== "--reset")];
  process.exitCode = spawnSync(process.execPath, words, { cwd: ROOT, stdio: "inherit" }).status ?? 1;
});
