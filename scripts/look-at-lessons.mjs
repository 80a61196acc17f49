/**
 * @file `npm run look -- [--host lab|classic|notebook7] [lesson …]`: runs the lessons in JupyterLab 4, the classic Notebook and Notebook 7, all cells
 * at once, looks for what a reader would stumble over, and leaves pictures of the whole pages in .work/looks, wide and narrow, light and dark. A
 * lesson is named by its number, as in `npm run look -- --host lab 04 12`; default all, in all three.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ensureBuild } from "./build.mjs";
import { ensureChromium } from "./chromium.mjs";
import { ensureNode, ensurePackages } from "./ensure.mjs";
import { ensureJupyter } from "./jupyter.mjs";
import { bin, command, ROOT, StepError } from "./paths.mjs";

const HOSTS = ["lab", "classic", "notebook7"];

await command(async () => {
  const { values, positionals: words } = parseArgs({ options: { host: { type: "string" } }, allowPositionals: true });
  if (values.host !== undefined && !HOSTS.includes(values.host))
    throw new StepError(`look: got --host ${values.host}, want one of ${HOSTS.join(", ")}`);
  const lessons = readdirSync(join(ROOT, "notebooks")).filter((file) => file.endsWith(".ipynb"));
  const wrong = words.find((word) => !lessons.some((file) => file.startsWith(word)));
  if (wrong !== undefined) throw new StepError(`look: got lesson ${wrong}, want the beginning of one of ${lessons.join(", ")}`);
  ensureNode();
  ensurePackages();
  const chromium = ensureChromium();
  ensureJupyter();
  ensureBuild();
  const env = {
    ...process.env,
    ...(chromium ? { VEDUTA_CHROMIUM: chromium } : {}),
    VEDUTA_LOOK_HOSTS: values.host ?? "",
    VEDUTA_LOOK_LESSONS: words.join(","),
  };
  const vitest = [bin("vitest"), "run", "--project", "slow", "test/notebooks/hosts/looks.test.ts"];
  process.exitCode = spawnSync(process.execPath, vitest, { cwd: ROOT, env, stdio: ["ignore", "inherit", "inherit"] }).status ?? 1;
});
