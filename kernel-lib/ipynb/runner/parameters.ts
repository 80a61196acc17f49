/**
 * @file A notebook's parameters, as papermill has them: cells tagged `parameters` declare them, and a cell after each such cell replaces values.
 * Where several cells are tagged, `cell.name` says which is meant; a cell's name is its metadata's `name` (nbformat), or its id.
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

/** A cell tagged `parameters`. */
interface ParameterCell {
  /** its place in the notebook */
  readonly at: number;
  /** its names, the one for messages first */
  readonly names: readonly string[];
  /** the variables that it declares */
  readonly declared: readonly string[];
}

/**
 * Replaces a notebook's parameters.
 * @param file its name, for errors
 * @param values by `name`, or by `cell.name` where several cells declare it
 * @throws NotebookError if no cell is tagged `parameters`, if no such cell declares a name, or if several do and the cell is not named
 */
export function withParameters(file: string, notebook: Notebook, values: ReadonlyMap<string, unknown>): Notebook {
  if (values.size === 0) return notebook;
  const cells = parameterCells(notebook);
  if (cells.length === 0)
    throw new NotebookError(file, {
      expected: "a code cell tagged parameters, which declares what --set may replace",
      found: "none",
      fix: 'put the declarations into one cell, with "tags": ["parameters"] in its metadata',
    });
  const places = [...values.keys()].map((written) => placesOf(written, cells));
  expectOneEach(file, [...values.keys()], places, cells);
  const set = new Map<number, Map<string, unknown>>(); // by the cell's place; of several values of a name the last counts
  for (const [k, value] of [...values.values()].entries()) {
    const { at, name } = places[k][0];
    set.set(at, (set.get(at) ?? new Map<string, unknown>()).set(name, value));
  }
  const made = notebook.cells.flatMap((cell, at): Cell[] => {
    if (tagsOf(cell).includes("injected-parameters")) return []; // of an earlier run
    const given = set.get(at);
    return given ? [cell, injected(given, notebook)] : [cell];
  });
  return { ...notebook, cells: made };
}

function parameterCells({ cells }: Notebook): ParameterCell[] {
  const tagged = cells.flatMap((cell, at) => (cell.cell_type === "code" && tagsOf(cell).includes("parameters") ? [{ cell, at }] : []));
  return tagged.map(({ cell, at }, k) => {
    const names = [cell.metadata.name, cell.id].filter((name) => typeof name === "string" && name !== "");
    return {
      at,
      names: names.length > 0 ? (names as string[]) : [String(k + 1)], // before format 4.5 a cell has no id
      declared: readCell(joined(cell.source), codeNumber(cells, at)).values,
    };
  });
}

interface Place {
  readonly at: number;
  readonly name: string;
}

/** Where what --set names is declared. The cell's name may hold dots; a variable's does not. */
function placesOf(written: string, cells: readonly ParameterCell[]): Place[] {
  const dot = written.lastIndexOf(".");
  const [cellName, name] = [written.slice(0, Math.max(0, dot)), written.slice(dot + 1)];
  return cells
    .filter(({ names, declared }) => declared.includes(name) && (dot < 0 || names.includes(cellName)))
    .map(({ at }) => ({ at, name }));
}

function expectOneEach(file: string, written: readonly string[], places: readonly Place[][], cells: readonly ParameterCell[]): void {
  const all = cells.flatMap(({ names: [cell], declared }) => declared.map((name) => (cells.length > 1 ? `${cell}.${name}` : name)));
  const unknown = written.filter((_, k) => places[k].length === 0);
  if (unknown.length > 0)
    throw new NotebookError(file, { expected: `one of the parameters ${all.join(", ") || "(there are none)"}`, found: unknown.join(", ") });
  for (const [k, found] of places.entries()) {
    if (found.length === 1) continue;
    const named = cells.filter(({ at }) => found.some((place) => place.at === at)).map(({ names }) => `${names[0]}.${found[0].name}`);
    throw new NotebookError(file, {
      expected: `the cell's name before ${found[0].name}, which several cells declare`,
      found: written[k],
      fix: `say ${named.join(" or ")}`,
    });
  }
}

const injected = (given: ReadonlyMap<string, unknown>, { nbformat_minor: minor }: Notebook): CodeCell => ({
  cell_type: "code",
  ...(minor >= 5 ? { id: randomUUID().slice(0, 8) } : {}),
  metadata: { tags: ["injected-parameters"] },
  source: inLines(["// Parameters", ...[...given].map(([name, value]) => `const ${name} = ${JSON.stringify(value)};`)].join("\n")),
  outputs: [],
  execution_count: null,
});

/** A cell's number among the code cells, from 1. */
const codeNumber = (cells: readonly Cell[], at: number): number =>
  cells.slice(0, at + 1).filter(({ cell_type }) => cell_type === "code").length;
