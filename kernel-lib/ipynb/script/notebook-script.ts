/**
 * @file Converts a notebook to one ES module: its code cells in order, each cell's last value shown. Imports move to the top. A name that several
 * cells declare is one variable, as in the kernel: later declarations assign to it. A script with types begins a block, which lasts to the end,
 * where a type is declared again.
 */
import type ts from "typescript";
import { cellTypescript } from "../cell-typescript.js";
import { joined, type Notebook } from "../nbformat.js";
import { type Binding, type CellSource, readCell } from "./cell-source.js";
import { cellCode, importedHere } from "./cell-statements.js";
import { originOf, sharedNames } from "./shared-names.js";

/** Options of `notebookScript`. */
export interface ScriptOptions {
  /** "ts": for deno and bun; "js": types are removed, so that node runs it too; default "js" */
  readonly language?: "ts" | "js";
  /** what the script imports in place of a module's name; default the name */
  readonly moduleOf?: (name: string) => string;
}

/** Converts a notebook to a script. @throws NotebookError if a cell does not parse */
export function notebookScript(notebook: Notebook, { language = "js", moduleOf = (name) => name }: ScriptOptions = {}): string {
  const sources = notebook.cells.flatMap((cell) => (cell.cell_type === "code" && joined(cell.source).trim() ? [joined(cell.source)] : []));
  const cells = sources.map((source, i) => readCell(source, i + 1));
  const script = assembled(
    cells.map((cell) => ({
      ...cell,
      bindings: cell.bindings.map((each) => ({ ...each, module: moduleOf(each.module) })),
      modules: cell.modules.map(moduleOf),
    })),
    language,
  );
  return language === "ts" ? script : withoutTypes(script);
}

/** Shows a cell's last value: a displayable shows itself, other values are printed. */
const show = (name: string) => `async function ${name}(value: unknown): Promise<void> {
  const shown = (await value) as { show?(): unknown; [key: symbol]: unknown } | undefined | null;
  if (typeof shown?.show === "function" && shown[Symbol.for("Jupyter.display")]) await shown.show();
  else if (shown !== undefined) console.log(shown);
}
`;

function assembled(cells: readonly CellSource[], language: "ts" | "js"): string {
  const shared = sharedNames(cells);
  const showValue = unused("showValue", cells);
  const top = new Map<string, Binding>();
  /** what the names of types mean so far */
  const types = new Map<string, string>();
  let blocks = 0;
  const body = cells.flatMap((cell, i) => {
    const here: string[] = [];
    let again = false;
    const means = (name: string, what: string): "new" | "known" | "again" => {
      const known = types.get(name);
      types.set(name, what);
      if (known === undefined) return "new";
      if (known !== what) again = true;
      return known === what ? "known" : "again";
    };
    for (const binding of cell.bindings) {
      const { local, kind } = binding;
      const meaning = means(local, originOf(binding));
      if (kind === "value" && shared.has(local)) here.push(importedHere(binding, shared));
      else if (kind === "type" && meaning === "again") here.push(typeHere(binding));
      else if (meaning !== "known" || (kind === "value" && top.get(local)?.kind === "type")) top.set(local, binding);
    }
    for (const [name, what] of cell.types) means(name, what);
    // a module cannot declare a type twice; without types, it need not
    const opens = again && language === "ts";
    if (opens) blocks++;
    const { before, code, last } = cellCode(cell, shared);
    const shows = last ? `await ${showValue}(\n${last}\n);` : "";
    const [begin, end] = cell.disposes ? ["{", "}"] : ["", ""];
    const lines = [opens ? "{" : "", ...here, ...before, begin, code, shows, end];
    return [`// cell ${i + 1}`, ...lines.filter((line) => line !== ""), ""];
  });
  const modules = [...new Set(cells.flatMap((cell) => cell.modules))].map((module) => `import ${JSON.stringify(module)};`);
  return [...modules, ...[...top.values()].map(importedAtTop), "", show(showValue), ...body, "}".repeat(blocks), ""].join("\n");
}

/** A name that no cell has: the given one, or one like it. */
function unused(name: string, cells: readonly CellSource[]): string {
  return cells.some(({ text }) => text.includes(name)) ? unused(`${name}_`, cells) : name;
}

function importedAtTop({ local, imported, module, kind }: Binding): string {
  const clause = imported === "*" ? `* as ${local}` : `{ ${imported === local ? local : `${imported} as ${local}`} }`;
  return `import ${kind === "type" ? "type " : ""}${clause} from ${JSON.stringify(module)};`;
}

/** The import of a type whose name had another meaning before. */
const typeHere = ({ local, imported, module }: Binding): string => `type ${local} = import(${JSON.stringify(module)}).${imported};`;

function withoutTypes(script: string): string {
  const typescript = cellTypescript();
  const compilerOptions: ts.CompilerOptions = { target: typescript.ScriptTarget.ES2022, module: typescript.ModuleKind.ESNext };
  return typescript.transpileModule(script, { compilerOptions }).outputText;
}
