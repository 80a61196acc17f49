/** @file `export` in cells. */
import { cellTypescript } from "./cell-typescript.js";

/**
 * A cell without `export`: names of a cell are there for all later cells anyway.
 *
 *   export const a = 1;             ·······const a = 1;
 *   export { a };                   ·············
 *   export { b } from "m";          import { b } from "m";
 *   export default { c: 1 };        (··············{ c: 1 });
 *   export default function () {}   void···········function () {}
 *
 * @param places "kept": all else stays where it is, as above; "moved": no gaps
 */
export function withoutExports(text: string, places: "kept" | "moved"): string {
  if (!/\bexport\b/.test(text)) return text;
  const compiler = cellTypescript();
  const file = compiler.createSourceFile("cell.ts", text, compiler.ScriptTarget.Latest, false);
  const edits: { readonly from: number; readonly to: number; readonly words: string }[] = [];
  const put = (from: number, to: number, words = "") => edits.unshift({ from, to, words });
  for (const statement of file.statements) {
    const from = statement.getStart(file);
    if (compiler.isExportDeclaration(statement)) {
      if (!statement.moduleSpecifier) put(from, statement.end);
      else if (statement.exportClause) put(from, from + "export".length, "import");
      continue;
    }
    if (compiler.isExportAssignment(statement)) {
      const { expression } = statement;
      put(from, expression.getStart(file), "(");
      put(expression.end, expression.end, ")");
    }
    const nameless = (compiler.isFunctionDeclaration(statement) || compiler.isClassDeclaration(statement)) && !statement.name;
    const modifiers = compiler.canHaveModifiers(statement) ? (compiler.getModifiers(statement) ?? []) : [];
    for (const modifier of modifiers) {
      if (modifier.kind === compiler.SyntaxKind.ExportKeyword) put(modifier.getStart(file), modifier.end, nameless ? "void" : "");
      if (modifier.kind === compiler.SyntaxKind.DefaultKeyword) put(modifier.getStart(file), modifier.end);
    }
  }
  return edits.reduce((rest, { from, to, words }) => {
    const gap = rest.slice(from, to).replace(/[^\n]/g, " ").slice(words.length);
    const after = rest.slice(to);
    return rest.slice(0, from) + words + (places === "kept" ? gap + after : words ? after : after.replace(/^[ \t]+/, ""));
  }, text);
}
