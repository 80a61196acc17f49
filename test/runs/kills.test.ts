/** A run that is killed again and again, at random moments, and gone on with, ends in the picture of one that was not disturbed. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { createRng } from "#kernel-lib/core/random.js";
import { openRun } from "#kernel-lib/runs/run-folder.js";
import { tinyCheckpoint } from "../fixtures/tiny-checkpoint.js";

const VEDUTA = fileURLToPath(new URL("../../dist/kernel-lib/cli.js", import.meta.url));
const KILLS = 20;
const root = mkdtempSync(join(tmpdir(), "veduta-kills-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** How many steps a run's folder holds; 0 while it is not there. */
function stepsIn(dir: string): number {
  try {
    return (JSON.parse(readFileSync(join(dir, "steps.json"), "utf8")) as { readonly steps?: readonly unknown[] }).steps?.length ?? 0;
  } catch {
    return 0;
  }
}

/** Runs the command line; kills it a random moment after its folder holds so many steps. @returns whether it ended by itself */
function veduta(words: readonly string[], dir: string, kill?: { readonly steps: number; readonly later: number }): Promise<boolean> {
  const child = spawn(process.execPath, [VEDUTA, ...words], { stdio: "ignore" });
  const watch = setInterval(() => {
    if (kill === undefined || stepsIn(dir) < kill.steps) return;
    clearInterval(watch);
    setTimeout(() => child.kill("SIGKILL"), kill.later);
  }, 2);
  return new Promise((resolve) =>
    child.once("exit", (code) => {
      clearInterval(watch);
      resolve(code === 0);
    }),
  );
}

test(`${KILLS} SIGKILLs at random moments: the same panorama, every step once`, async () => {
  const model = tinyCheckpoint();
  const words = [
    "paint",
    "hills",
    "--model",
    model.path,
    "--device",
    "cpu",
    "--sampler",
    "dpmpp-2m",
    "--steps",
    "200",
    "--width",
    "96",
    "--seed",
    "2",
    "--keep",
    "nothing",
  ];
  const [whole, broken] = [join(root, "whole"), join(root, "broken")];
  expect(await veduta([...words, "--out", whole], whole)).toBe(true);
  const rng = createRng(11);
  const soon = () => ({ steps: stepsIn(broken) + 1 + rng.below(8), later: 15 * rng.uniform() });
  const resume = ["paint", "--resume", broken, "--keep", "nothing"];
  const reached: number[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const ended = await veduta(kill === 0 ? [...words, "--out", broken] : resume, broken, soon());
    reached.push(stepsIn(broken));
    expect([kill, ended]).toEqual([kill, false]);
  }
  console.log(`killed after ${reached.join(", ")} steps`);
  expect(await veduta(resume, broken)).toBe(true);
  expect(readFileSync(join(broken, "panorama.png"))).toEqual(readFileSync(join(whole, "panorama.png")));
  const { steps } = await openRun(broken);
  expect(steps.map(({ index }) => index)).toEqual(Array.from({ length: 200 }, (_, k) => k));
  model.remove();
});
