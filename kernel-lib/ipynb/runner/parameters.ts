/**
 * @file Runs a notebook with other parameters, by papermill's convention. A cell tagged `parameters` declares them. The new values go into a cell
 * tagged `injected-parameters`, right after it.
 */
import { randomUUID } from "node:crypto";
import { NotebookError } from "../../core/errors.js";
import { type Cell, type CodeCell, joined, type Notebook, tagsOf } from "../nbformat.js";
import { readCell } from "../script/cell-source.js";
import { inLines } from "./outputs.js";

/** Parses a command-line value: as JSON if it is valid JSON, else as text. */
export function parameterValue(word: string): unknown {
  try {
    return JSON.parse(word);
  } catch {
    return word;
  }
}

/**
 * Replaces a notebook's parameters.
 * @param file its name, for errors
 * @throws NotebookError if no cell is tagged `parameters`, or that cell does not declare a name
 */
export function withParameters(file: string, notebook: Notebook, values: ReadonlyMap<string, unknown>): Notebook {
  if (values.size === 0) return notebook;
  const at = notebook.cells.findIndex((cell) => cell.cell_type === "code" && tagsOf(cell).includes("parameters"));
  if (at < 0)
    throw new NotebookError(file, {
      expected: "a code cell tagged parameters, which declares what --set may replace",
      found: "none",
      fix: 'put the declarations into one cell, with "tags": ["parameters"] in its metadata',
    });
  const { values: declared } = readCell(joined(notebook.cells[at].source), codeNumber(notebook.cells, at));
  for (const name of values.keys())
    if (!declared.includes(name))
      throw new NotebookError(file, { expected: `one of the parameters ${declared.join(", ") || "(there are none)"}`, found: name });
  const code = [...values].map(([name, value]) => `const ${name} = ${JSON.stringify(value)};\n`).join("");
  const injected: CodeCell = {
    cell_type: "code",
    ...(notebook.nbformat_minor >= 5 ? { id: randomUUID().slice(0, 8) } : {}),
    metadata: { tags: ["injected-parameters"] },
    source: inLines(`// Parameters\n${code}`.trimEnd()),
    outputs: [],
    execution_count: null,
  };
  const isOurs = (cell: Cell) => tagsOf(cell).includes("injected-parameters");
  const [before, after] = [notebook.cells.slice(0, at + 1), notebook.cells.slice(at + 1)];
  return { ...notebook, cells: [...before.filter((cell) => !isOurs(cell)), injected, ...after.filter((cell) => !isOurs(cell))] };
}

/** A cell's number among the code cells, from 1. */
const codeNumber = (cells: readonly Cell[], at: number): number =>
  cells.slice(0, at + 1).filter(({ cell_type }) => cell_type === "code").length;
