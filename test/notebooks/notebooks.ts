/** @file The lessons as files: their cells, and their code as one script. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ICell, INotebookContent } from "@jupyterlab/nbformat";

export const FOLDER = fileURLToPath(new URL("../../notebooks/", import.meta.url));

export interface Cell {
  readonly type: "code" | "markdown";
  readonly id: string;
  readonly source: string;
  readonly tags: readonly string[];
  /** as the file has it */
  readonly raw: ICell;
}

export interface Lesson {
  /** of the file, without its ending */
  readonly name: string;
  readonly cells: readonly Cell[];
  readonly notebook: INotebookContent;
}

export const lessons: readonly Lesson[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".ipynb"))
  .sort()
  .map((file) => {
    const notebook = JSON.parse(readFileSync(FOLDER + file, "utf8")) as INotebookContent;
    return { name: file.replace(/\.ipynb$/, ""), notebook, cells: notebook.cells.map(cellOf) };
  });

function cellOf(raw: ICell): Cell {
  const source = Array.isArray(raw.source) ? raw.source.join("") : (raw.source as unknown as string);
  const { tags } = raw.metadata as { readonly tags?: readonly string[] };
  return { type: raw.cell_type as Cell["type"], id: String(raw.id), source, tags: tags ?? [], raw };
}

export const codeOf = ({ cells }: Lesson): readonly Cell[] => cells.filter(({ type }) => type === "code");

/** All code cells as one module, in their order. */
export const scriptOf = (lesson: Lesson): string =>
  codeOf(lesson)
    .map(({ id, source }) => `// ${id}\n${source}\n`)
    .join("\n");
