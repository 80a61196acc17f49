/** @file The notebook of the hosts' tests, and what our runner makes of it: executed once for all files of a test run. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runNotebook } from "#kernel-lib/ipynb/runner/run-notebook.js";
import { takeTurn } from "../../fixtures/take-turn.js";

/** Without outputs. */
export const FIGURES = fileURLToPath(new URL("./figures.ipynb", import.meta.url));
/** Inside the repository, so that a notebook there finds the package by its own name. */
export const WORK = fileURLToPath(new URL("../../../.work/hosts/", import.meta.url));

/** What the system prefers; in the dark too with VEDUTA_ALL=1 (`npm run test:all`). */
export const SCHEMES: readonly ("light" | "dark")[] = process.env.VEDUTA_ALL ? ["light", "dark"] : ["light"];

/** What stays to be seen of each figure where no script runs: the beginnings of its pictures' descriptions. */
export const PICTURES = [
  "the finished panorama",
  "Distances to the anchor",
  "Distances",
  "Hills",
  "Hills, step by step",
  "The panorama as a picture",
];

/** Of one test run: all its files have the same parent. */
const SESSION = `${process.ppid}`;

/** The executed notebook's file. */
export async function executed(): Promise<string> {
  const [file, mark] = [join(WORK, "executed.ipynb"), join(WORK, "session")];
  const done = takeTurn("executed");
  try {
    if (existsSync(mark) && readFileSync(mark, "utf8") === SESSION) return file;
    rmSync(WORK, { recursive: true, force: true });
    mkdirSync(WORK, { recursive: true });
    const { failure } = await runNotebook(FIGURES, { out: file });
    if (failure) throw new Error(`${FIGURES}: ${failure.message}`);
    writeFileSync(mark, SESSION);
    return file;
  } finally {
    done();
  }
}
