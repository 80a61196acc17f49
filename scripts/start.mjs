/**
 * @file `npm start`: installs what is missing, builds, and paints the default 360° panorama. `npm start -- "sea"` paints the sea; other arguments go to
 * `veduta paint`.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ensureBuild } from "./build.mjs";
import { ensureNode, ensurePackages } from "./ensure.mjs";
import { command, ROOT } from "./paths.mjs";
import { startWords } from "./start-words.mjs";

/** @param {number} milliseconds */
const seconds = (milliseconds) => `${Math.round(milliseconds / 1000)} s`;

await command(async () => {
  const begun = Date.now();
  ensureNode();
  ensurePackages();
  ensureBuild();
  const ready = Date.now();
  const { words, folder } = startWords(process.argv.slice(2));
  if (folder && existsSync(join(ROOT, folder, "run.json")) && !words.includes("--force")) {
    console.log(`${folder} holds this picture already; it is painted again.`);
    words.push("--force");
  }
  const painting = spawn(process.execPath, [join(ROOT, "dist/kernel-lib/cli.js"), ...words], {
    cwd: ROOT,
    stdio: "inherit",
  });
  process.on("SIGINT", () => {}); // `veduta paint` handles Ctrl-C: it keeps the finished steps
  const code = await new Promise((resolve, reject) => {
    painting.on("error", reject);
    painting.on("exit", (status) => resolve(status ?? 1));
  });
  process.exitCode = code;
  if (code === 0 && ready - begun > 2000)
    console.log(`${seconds(Date.now() - begun)} in all, ${seconds(ready - begun)} of them for installing and building`);
});
