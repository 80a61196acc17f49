/** @file The lessons as files: their cells, and their code as one script. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { EXERCISES } from "#kernel-lib/display/exercises/exercises.js";
import { type Cell, joined, type Notebook } from "#kernel-lib/ipynb/nbformat.js";
import { parseNotebook } from "#kernel-lib/ipynb/notebook-file.js";

export const FOLDER = fileURLToPath(new URL("../../notebooks/", import.meta.url));

export interface LessonCell {
  readonly type: Cell["cell_type"];
  readonly id: string;
  readonly source: string;
  readonly tags: readonly string[];
  /** as the file has it */
  readonly raw: Cell;
}

export interface Lesson {
  /** of the file, without its ending */
  readonly name: string;
  readonly cells: readonly LessonCell[];
  readonly notebook: Notebook;
}

export const lessons: readonly Lesson[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".ipynb"))
  .sort()
  .map((file) => {
    const notebook = parseNotebook(file, readFileSync(FOLDER + file));
    return { name: file.replace(/\.ipynb$/, ""), notebook, cells: notebook.cells.map(cellOf) };
  });

function cellOf(raw: Cell): LessonCell {
  const { tags = [] } = raw.metadata as { readonly tags?: readonly string[] };
  return { type: raw.cell_type, id: raw.id ?? "", source: joined(raw.source), tags, raw };
}

export const codeOf = ({ cells }: Lesson): readonly LessonCell[] => cells.filter(({ type }) => type === "code");

/** One of them, with many figures; with VEDUTA_ALL=1 (`npm run test:all`) all. */
export const inEachHost = process.env.VEDUTA_ALL ? lessons : lessons.filter(({ name }) => /^07-/.test(name));

/** The names of a lesson's exercises: "4.1", "4.2", … */
export const exercisesOf = ({ name }: Pick<Lesson, "name">): readonly string[] =>
  Object.keys(EXERCISES).filter((exercise) => exercise.startsWith(`${Number(name.slice(0, 2))}.`));

/** All code cells as one module, in their order. */
export const scriptOf = (lesson: Lesson): string =>
  codeOf(lesson)
    .map(({ id, source }) => `// ${id}\n${source}\n`)
    .join("\n");
