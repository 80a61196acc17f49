/**
 * @file `npm test`: installs what is missing, builds, checks, and runs the tests that take seconds. Its last line is "N passed, N failed, N skipped"; a
 * check counts as a test. `npm run test:slow` (`--slow`) runs what takes long and rarely breaks: browser, Jupyter, lessons, WebGPU, the packed package.
 * `npm run test:all` (`--all`) runs both, every lesson in every host, and Python's libraries as judges.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { ensureBuild } from "./build.mjs";
import { CHECKS, failedChecks } from "./check.mjs";
import { ensureChromium } from "./chromium.mjs";
import { ensureNode, ensurePackages } from "./ensure.mjs";
import { ensureJupyter } from "./jupyter.mjs";
import { bin, command, ROOT, StepError } from "./paths.mjs";
import { ensureRedis } from "./redis.mjs";

/** Vitest's own report of the run. */
const REPORT = join(ROOT, ".work/vitest.json");
/** What the words `--slow` and `--all` run, beside no word; Vitest's projects by name. @type {Record<string, readonly string[]>} */
const PROJECTS = { quick: ["laws", "golden"], slow: ["slow"], all: ["laws", "golden", "slow"] };
const given = process.argv.slice(2);
const which = given.includes("--all") ? "all" : given.includes("--slow") ? "slow" : "quick";

/**
 * @typedef {{ status: string, fullName: string }} Case
 * @typedef {{ name: string, status: string, assertionResults: Case[] }} TestFile
 */

await command(async () => {
  const begun = Date.now();
  ensureNode();
  ensurePackages();
  const chromium = which === "quick" ? undefined : ensureChromium();
  const redis = which === "quick" ? undefined : ensureRedis();
  const jupyter = which === "quick" ? undefined : ensureJupyter();
  try {
    ensureBuild();
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    console.log(`FAILED: the build\n${error.message}\n0 passed, 1 failed, 0 skipped`);
    process.exitCode = 1;
    return;
  }
  const failed = which === "slow" ? [] : failedChecks();
  const checked = which === "slow" ? 0 : Object.keys(CHECKS).length - failed.length;
  const status = vitest(chromium);
  const files = testFiles();
  const cases = files.flatMap(({ name, assertionResults }) =>
    assertionResults.map((result) => ({ ...result, file: relative(ROOT, name) })),
  );
  const count = (/** @type {string[]} */ ...states) => cases.filter((result) => states.includes(result.status)).length;
  /** test files that could not be loaded, or whose hooks failed */
  const broken = files.filter((file) => file.status === "failed" && !file.assertionResults.some((result) => result.status === "failed"));

  const skipped = cases.filter((result) => ["skipped", "pending", "todo", "disabled"].includes(result.status));
  if (skipped.length > 0) console.log(`\nSKIPPED, ${skipped.length} tests:`);
  for (const { file, fullName } of skipped) console.log(`  ${file}: ${fullName.trim()}`);
  if (which === "quick") console.log("\nNot run here: browser, Jupyter, full lessons, WebGPU, the packed package: npm run test:slow");
  if (which === "slow")
    console.log(
      "\nNot run here: JupyterHub, Python notebooks, classic widgets, runs killed twenty times, 2,000 spoiled files, WebGPU's U-Net and what stays on its device, lessons 5, 8 to 11, 14 and 15, lessons in front ends, axe at two of four looks, Python's libraries as judges, servers that are killed, golden runs on another machine: npm run test:all",
    );
  if (which !== "quick" && !chromium)
    console.log("\nNO BROWSER: the tests in test/browser were skipped. Install Chromium, or name one in VEDUTA_CHROMIUM.");
  if (which !== "quick" && !jupyter)
    console.log("\nNO JUPYTER: the tests in it were skipped. Install jupyter-nbconvert and jupyter-notebook.");
  if (which !== "quick" && !redis) console.log("\nNO REDIS: the tests of queues were skipped. Install redis-server.");
  for (const { name } of broken) console.log(`\nFAILED to run: ${relative(ROOT, name)}`);
  if (status !== 0 && count("failed") + broken.length === 0) failed.push("vitest ended with an error outside the tests");
  for (const name of failed) console.log(`\nFAILED: ${name}`);

  const failures = count("failed") + broken.length + failed.length;
  console.log(
    `\n${Math.round((Date.now() - begun) / 1000)} s${which === "slow" ? "" : `, ${Object.keys(CHECKS).length} checks among the tests`}`,
  );
  console.log(`${count("passed") + checked} passed, ${failures} failed, ${skipped.length} skipped`);
  process.exitCode = failures > 0 || count("passed") === 0 ? 1 : 0;
});

/** @param {string | undefined} chromium */
function vitest(chromium) {
  rmSync(REPORT, { force: true });
  mkdirSync(dirname(REPORT), { recursive: true });
  const projects = PROJECTS[which].map((name) => `--project=${name}`);
  const rest = given.filter((word) => !["--slow", "--all"].includes(word));
  const words = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${REPORT}`, ...projects, ...rest];
  const env = { ...process.env, ...(chromium ? { VEDUTA_CHROMIUM: chromium } : {}), ...(which === "all" ? { VEDUTA_ALL: "1" } : {}) };
  return spawnSync(process.execPath, [bin("vitest"), ...words], { cwd: ROOT, env, stdio: ["ignore", "inherit", "inherit"] }).status;
}

/** @returns {TestFile[]} */
function testFiles() {
  try {
    return JSON.parse(readFileSync(REPORT, "utf8")).testResults;
  } catch {
    throw new StepError("vitest ended without its report");
  }
}
