/**
 * Every lesson runs in our own kernel, as `veduta run` runs it; two of them in each other host, where they print the same numbers. With VEDUTA_ALL=1
 * (`npm run test:all`) every lesson in every host.
 */
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { joined, type Notebook, type Output } from "#kernel-lib/ipynb/nbformat.js";
import { parseNotebook } from "#kernel-lib/ipynb/notebook-file.js";
import { runNotebook } from "#kernel-lib/ipynb/runner/run-notebook.js";
import { notebookScript } from "#kernel-lib/ipynb/script/notebook-script.js";
import { installKernelspec } from "#kernel-lib/kernel/kernelspec.js";
import { RUNTIMES } from "../fixtures/runtimes.js";
import { KERNELS } from "../ipynb/kernels.js";
import { codeOf, exercisesOf, FOLDER, inEachHost, type Lesson, lessons } from "./notebooks.js";
import { numbersOf, printedIn } from "./numbers.js";

/** Inside the repository, so that a script finds the package by its own name. */
const WORK = fileURLToPath(new URL("../../.work/lessons/", import.meta.url));

const distances = (step: number) => `steps[${step}].windows.reduce((sum, { loss = 0 }) => sum + loss, 0)`;
/** Right answers of some lessons, as a student writes them. The second of lesson 1 depends on the model, so the cell computes it. */
const RIGHT: Readonly<Record<number, readonly string[]>> = {
  1: ["4", `${distances(0)} / ${distances(11)}`, "0"],
  3: ["29", "2", "(x, w) => x.reduce((s, v, j) => s + w[j] * v, 0) / w.reduce((a, b) => a + b)"],
  4: ["20 * 0.95 ** 10", "(n) => 2 * n", "0"],
  12: [
    "(sum, became, places) => { const next = [...sum]; for (const [j, at] of places.entries()) next[at] += became[j]; return next; }",
    "(count, places) => { const next = [...count]; for (const at of places) next[at]++; return next; }",
    "(sum, count) => sum.map((x, k) => x / count[k])",
    "(x, eps, { alpha, sigma }) => lincomb(1 / alpha, x, -sigma / alpha, eps)",
    "(x, gradient, { w, d, i }) => lincomb(1, x, -w * d ** i, gradient)",
  ],
  7: ["2048", "8 * 16 * 16", "(dy, x) => mul(dy, sigmoid(x))"],
};

beforeAll(() => void mkdirSync(WORK, { recursive: true }));

/** The files of lessons that ran in our kernel. */
const here = new Map<string, string>();
/** Runs a lesson in our kernel, once. @returns its file */
async function ranHere(name: string): Promise<string> {
  const out = join(WORK, `${name}.ipynb`);
  if (here.has(name)) return out;
  const { failure } = await runNotebook(join(FOLDER, `${name}.ipynb`), { out });
  expect(failure).toBeUndefined();
  here.set(name, out);
  return out;
}
const numbersIn = (file: string): string[] => numbersOf(printedIn(parseNotebook(file, readFileSync(file))));

const jupyter = spawnSync("jupyter", ["nbconvert", "--version"]).status === 0;

/** Lessons of a minute each: only with VEDUTA_ALL=1 (`npm run test:all`). */
const isLong = (name: string): boolean => /^(05|08|09|10|11|14|15)-/.test(name) && !process.env.VEDUTA_ALL;

describe.each(lessons.map((lesson) => [lesson.name, lesson] as const))("%s", (name, lesson) => {
  test.skipIf(isLong(name))("runs in our kernel", async () => expectRan(lesson, await ranHere(name)));
});

describe.each(inEachHost.map((lesson) => [lesson.name, lesson] as const))("%s", (name, lesson) => {
  test.skipIf(!jupyter)(
    `prints the same numbers in Jupyter's nbconvert${jupyter ? "" : " (not run: jupyter nbconvert is not there)"}`,
    async () => {
      installKernelspec(join(WORK, "jupyter"));
      const words = ["nbconvert", "--to", "notebook", "--execute", "--output-dir", WORK, "--output", `${name}.jupyter`];
      const env = { ...process.env, JUPYTER_PATH: join(WORK, "jupyter") };
      expectEnded(spawnSync("jupyter", [...words, join(FOLDER, `${name}.ipynb`)], { env, encoding: "utf8" }));
      const out = join(WORK, `${name}.jupyter.ipynb`);
      expectRan(lesson, out);
      expect(numbersIn(out)).toEqual(numbersIn(await ranHere(name)));
    },
  );

  const { command, missing } = KERNELS.deno;
  test.skipIf(missing)(`prints the same numbers in Deno's kernel${missing}`, async () => {
    const out = join(WORK, `${name}.deno.ipynb`);
    const { failure } = await runNotebook(join(FOLDER, `${name}.ipynb`), { out, command });
    expect(failure).toBeUndefined();
    expectRan(lesson, out);
    expect(numbersIn(out)).toEqual(numbersIn(await ranHere(name)));
  });

  for (const { name: host, missing, run } of RUNTIMES)
    test.skipIf(missing)(`prints the same numbers as a plain script under ${host}${missing}`, async () => {
      const language = host === "node" ? "js" : "ts";
      const file = join(WORK, `${name}.${host}.${language === "ts" ? "ts" : "mjs"}`);
      const figures = join(WORK, `${name}.${host}`);
      writeFileSync(file, notebookScript(lesson.notebook, { language }));
      const printed = run(file, [], { VEDUTA_OUT: figures }); // it ends by itself, though nothing closes the model
      expectUnanswered(name, printed);
      expect(numbersOf(printed)).toEqual(numbersIn(await ranHere(name)));
      expect(existsSync(join(figures, "index.html"))).toBe(true);
      expect(existsSync(join(figures, "001.html"))).toBe(true);
    });
});

/** One of them; with VEDUTA_ALL=1 all. */
const answeredLessons = Object.entries(RIGHT).filter(([number]) => process.env.VEDUTA_ALL || number === "12");

describe.each(answeredLessons)("lesson %s, with right answers in place of TODO,", (number, answers) => {
  test("says that each is right", async () => {
    const lesson = lessons.find(({ name }) => Number(name.slice(0, 2)) === Number(number));
    if (!lesson) throw new Error(`no lesson ${number}`);
    const [file, out] = ["", ".ran"].map((end) => join(WORK, `${lesson.name}.answered${end}.ipynb`));
    writeFileSync(file, JSON.stringify(answered(lesson.notebook, answers)));
    const { failure } = await runNotebook(file, { out });
    expect(failure).toBeUndefined();
    const cells = parseNotebook(out, readFileSync(out)).cells.flatMap((cell) => (cell.cell_type === "code" ? [cell] : []));
    const said = [...textsOf(cells).matchAll(/^Exercise (.+?): right\./gm)].map(([, name]) => name);
    expect(said).toEqual(exercisesOf(lesson));
  });
});

/** A lesson with answers in place of its TODOs. */
function answered(notebook: Notebook, answers: readonly string[]): Notebook {
  const cells = notebook.cells.map((cell) => {
    const n = /^exercise-(\d)$/.exec(cell.id ?? "")?.[1];
    const source = joined(cell.source);
    return n === undefined || cell.cell_type !== "code"
      ? cell
      : { ...cell, source: source.replace(/ = TODO;$/, ` = ${answers[Number(n) - 1]};`) };
  });
  return { ...notebook, cells };
}

const expectEnded = ({ status, stderr }: SpawnSyncReturns<string>): void => expect([status, status === 0 ? "" : stderr]).toEqual([0, ""]);

/** What a lesson's exercises print as long as none is answered. */
function expectUnanswered(name: string, printed: string): void {
  const texts = [...printed.matchAll(/^Exercise (.+?): (\w.+?)[:.]/gm)].map(([, exercise, state]) => `${exercise} ${state}`);
  expect(texts).toEqual(exercisesOf({ name }).map((exercise) => `${exercise} not answered yet`));
}

/** The lesson's file after a run: every cell ran, none failed, every `show` outside a branch left a figure, and all of it stays small. */
function expectRan(lesson: Lesson, out: string): void {
  expect(statSync(out).size).toBeLessThan(5_000_000);
  const { cells } = parseNotebook(out, readFileSync(out));
  const ran = cells.flatMap((cell) => (cell.cell_type === "code" ? [cell] : []));
  expect(ran.flatMap(({ outputs }) => outputs.filter(({ output_type }) => output_type === "error"))).toEqual([]);
  for (const { execution_count } of ran) expect(execution_count).toBeGreaterThan(0);
  expectUnanswered(lesson.name, textsOf(ran));
  for (const [k, { source, id }] of codeOf(lesson).entries()) {
    const shown = ran[k].outputs.filter((output) => output.output_type === "display_data");
    expect([id, shown.length >= [...source.matchAll(/^\S.*\.show\(\)/gm)].length]).toEqual([id, true]);
  }
}

const textOf = (output: Output): string => (output.output_type === "stream" ? joined(output.text) : "");
const textsOf = (cells: readonly { readonly outputs: readonly Output[] }[]): string =>
  cells.flatMap(({ outputs }) => outputs.map(textOf)).join("");
