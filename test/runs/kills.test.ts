/** Runs and tables that are killed again and again, at random moments, and gone on with, end as those that were not disturbed. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

/** A command that is killed after some milliseconds. @returns whether it ended by itself */
function killedAfter(words: readonly string[], milliseconds: number): Promise<boolean> {
  const child = spawn(process.execPath, [VEDUTA, ...words], { stdio: "ignore" });
  const kill = setTimeout(() => child.kill("SIGKILL"), milliseconds);
  return new Promise((resolve) =>
    child.once("exit", (code) => {
      clearTimeout(kill);
      resolve(code === 0);
    }),
  );
}

test(`veduta table paper, ${KILLS} SIGKILLs at random moments: the same pictures and the same table`, async () => {
  const prompts = join(root, "prompts.txt");
  writeFileSync(prompts, "hills\nsea\n");
  const words = (dir: string) =>
    `table paper --panoramas 2 --steps 2 --methods multi,spot --prompts ${prompts} --device cpu --out ${join(root, dir)}`.split(" ");
  const begun = performance.now();
  expect(await killedAfter(words("table-whole"), 600_000)).toBe(true);
  const whole = performance.now() - begun;
  const rng = createRng(12);
  let ended = 0;
  for (let kill = 0; kill < KILLS; kill++) ended += Number(await killedAfter(words("table-broken"), (whole / 4) * (0.3 + rng.uniform())));
  console.log(`${KILLS - ended} of ${KILLS} kills met the command at work`);
  expect(ended).toBeLessThan(KILLS - 5);
  expect(await killedAfter(words("table-broken"), 600_000)).toBe(true);
  for (const file of ["table.md", ...["reference", "multi", "spot"].map((method) => `pictures/${method}/1-0001.png`)])
    expect(readFileSync(join(root, "table-broken", file))).toEqual(readFileSync(join(root, "table-whole", file)));
}, 1_200_000);

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
