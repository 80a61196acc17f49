/**
 * @file Converts a notebook to one ES module: its code cells in order, each cell's last value shown. Imports move to the top. A cell that declares
 * a name again begins a block that lasts to the end, since a module cannot redeclare a name.
 */
import type ts from "typescript";
import { cellTypescript } from "../cell-typescript.js";
import { joined, type Notebook } from "../nbformat.js";
import { type Binding, type CellSource, readCell } from "./cell-source.js";

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
  );
  return language === "ts" ? script : withoutTypes(script);
}

/** Shows a cell's last value: a displayable shows itself, other values are printed. */
const SHOW = `async function showValue(value: unknown): Promise<void> {
  const shown = (await value) as { show?(): unknown; [key: symbol]: unknown } | undefined | null;
  if (typeof shown?.show === "function" && shown[Symbol.for("Jupyter.display")]) await shown.show();
  else if (shown !== undefined) console.log(shown);
}
`;

function assembled(cells: readonly CellSource[]): string {
  const top: Binding[] = [];
  /** the current meaning of each name: an import's origin, or the cell that declared it */
  const means = new Map([["showValue", "ours"]]);
  let blocks = 0;
  const body = cells.flatMap(({ bindings, declared, code, last }, i) => {
    const here: Binding[] = [];
    let again = false;
    for (const binding of bindings) {
      const origin = `${binding.imported} of ${binding.module}`;
      const before = means.get(binding.local);
      means.set(binding.local, origin);
      if (before === undefined) top.push(binding);
      else if (before !== origin) here.push(binding);
    }
    for (const name of declared) {
      again ||= means.has(name);
      means.set(name, `cell ${i}`);
    }
    const opens = again || here.length > 0;
    if (opens) blocks++;
    const lines = [opens ? "{" : "", ...here.map(importedHere), code, last ? `await showValue(\n${last}\n);` : ""];
    return [`// cell ${i + 1}`, ...lines.filter((line) => line !== ""), ""];
  });
  const modules = [...new Set(cells.flatMap((cell) => cell.modules))].map((module) => `import ${JSON.stringify(module)};`);
  return [...modules, ...top.map(importedAtTop), "", SHOW, ...body, "}".repeat(blocks), ""].join("\n");
}

function importedAtTop({ local, imported, module, kind }: Binding): string {
  const clause = imported === "*" ? `* as ${local}` : `{ ${imported === local ? local : `${imported} as ${local}`} }`;
  return `import ${kind === "type" ? "type " : ""}${clause} from ${JSON.stringify(module)};`;
}

/** The import of a name that had another meaning before. */
function importedHere({ local, imported, module, kind }: Binding): string {
  const from = JSON.stringify(module);
  if (kind === "type") return `type ${local} = import(${from}).${imported};`;
  return imported === "*" ? `const ${local} = await import(${from});` : `const { ${imported}: ${local} } = await import(${from});`;
}

function withoutTypes(script: string): string {
  const typescript = cellTypescript();
  const compilerOptions: ts.CompilerOptions = { target: typescript.ScriptTarget.ES2022, module: typescript.ModuleKind.ESNext };
  return typescript.transpileModule(script, { compilerOptions }).outputText;
}
