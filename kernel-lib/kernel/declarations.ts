/** @file The TypeScript declarations of earlier cells' names, against which later cells are checked: one text that grows from cell to cell. */
import type ts from "typescript";

/**
 * Declarations after a cell that threw: names assigned before the error take the cell's new types, the others keep their earlier ones. Type-only
 * declarations always take effect.
 * @param after the declarations if the cell had run to its end
 * @param missing names of the cell that were not assigned
 */
export function partlyDeclared(compiler: typeof ts, before: string, after: string, missing: ReadonlySet<string>): string {
  return filtered(compiler, after, (name) => !missing.has(name)) + filtered(compiler, before, (name) => missing.has(name), "values");
}

/** The names that declarations declare. */
export function declaredIn(compiler: typeof ts, text: string): ReadonlySet<string> {
  const names = new Set<string>();
  filtered(compiler, text, (name) => {
    names.add(name);
    return true;
  });
  const file = compiler.createSourceFile("declarations.d.ts", text, compiler.ScriptTarget.ES2022);
  for (const statement of file.statements) if (compiler.isModuleDeclaration(statement)) names.add(statement.name.text);
  return names;
}

/**
 * Adds a type annotation to every awaited module of a cell: `const fs: typeof import("node:fs") = await import("node:fs")`. TypeScript cannot
 * infer a writable type for some modules, and then emits no declarations of the whole cell.
 */
export function withModuleTypes(compiler: typeof ts, text: string): string {
  const file = compiler.createSourceFile("cell.ts", text, compiler.ScriptTarget.ES2022);
  const places = file.statements.filter(compiler.isVariableStatement).flatMap(({ declarationList }) =>
    declarationList.declarations.flatMap(({ name, type, initializer }) => {
      const module = type ? undefined : awaitedModule(compiler, initializer);
      return module ? [{ at: name.end, type: `: typeof import(${module.getText(file)})` }] : [];
    }),
  );
  return places.reduceRight((typed, { at, type }) => typed.slice(0, at) + type + typed.slice(at), text);
}

/** The "x" of `await import("x")`. */
function awaitedModule(compiler: typeof ts, expression: ts.Expression | undefined): ts.StringLiteral | undefined {
  if (!expression || !compiler.isAwaitExpression(expression) || !compiler.isCallExpression(expression.expression)) return undefined;
  const { expression: called, arguments: words } = expression.expression;
  return called.kind === compiler.SyntaxKind.ImportKeyword && words[0] && compiler.isStringLiteral(words[0]) ? words[0] : undefined;
}

function filtered(compiler: typeof ts, text: string, keep: (name: string) => boolean, kinds: "all" | "values" = "all"): string {
  const file = compiler.createSourceFile("declarations.d.ts", text, compiler.ScriptTarget.ES2022, true);
  const { factory } = compiler;
  const printer = compiler.createPrinter({ newLine: compiler.NewLineKind.LineFeed, removeComments: false });
  const kept = file.statements.flatMap((statement): ts.Statement[] => {
    if (compiler.isVariableStatement(statement)) {
      const { declarationList } = statement;
      const declarations = declarationList.declarations.filter(({ name }) => compiler.isIdentifier(name) && keep(name.text));
      const list = factory.updateVariableDeclarationList(declarationList, declarations);
      return declarations.length > 0 ? [factory.updateVariableStatement(statement, statement.modifiers, list)] : [];
    }
    if (compiler.isImportDeclaration(statement)) return keptImport(compiler, statement, keep);
    const valued =
      compiler.isFunctionDeclaration(statement) || compiler.isClassDeclaration(statement) || compiler.isEnumDeclaration(statement);
    if (valued) return statement.name && keep(statement.name.text) ? [statement] : [];
    return kinds === "all" ? [statement] : [];
  });
  return kept.map((statement) => `${printer.printNode(compiler.EmitHint.Unspecified, statement, file)}\n`).join("");
}

function keptImport(compiler: typeof ts, statement: ts.ImportDeclaration, keep: (name: string) => boolean): ts.Statement[] {
  const { factory } = compiler;
  const clause = statement.importClause;
  if (!clause) return [];
  const name = clause.name && keep(clause.name.text) ? clause.name : undefined;
  let bindings = clause.namedBindings;
  if (bindings && compiler.isNamespaceImport(bindings)) bindings = keep(bindings.name.text) ? bindings : undefined;
  else if (bindings) {
    const elements = bindings.elements.filter((element) => keep(element.name.text));
    bindings = elements.length > 0 ? factory.updateNamedImports(bindings, elements) : undefined;
  }
  if (!name && !bindings) return [];
  const imports = factory.updateImportClause(clause, clause.isTypeOnly, name, bindings);
  return [factory.updateImportDeclaration(statement, statement.modifiers, imports, statement.moduleSpecifier, undefined)];
}

/**
 * A cell without `export`: names of a cell are there for all later cells anyway. Places in the text stay where they are.
 *
 *   export const a = 1;          ·······const a = 1;
 *   export { a };                ·············
 *   export { b } from "m";       import { b } from "m";
 */
export function withoutExports(compiler: typeof ts, text: string): string {
  if (!/\bexport\b/.test(text)) return text;
  const file = compiler.createSourceFile("cell.ts", text, compiler.ScriptTarget.Latest, false);
  let result = text;
  const put = (from: number, to: number, words = "") => {
    result = result.slice(0, from) + words + result.slice(from, to).replace(/[^\n]/g, " ").slice(words.length) + result.slice(to);
  };
  for (const statement of file.statements) {
    const from = statement.getStart(file);
    if (compiler.isExportDeclaration(statement)) {
      if (!statement.moduleSpecifier) put(from, statement.end);
      else if (statement.exportClause) put(from, from + "export".length, "import");
      continue;
    }
    if (compiler.isExportAssignment(statement)) put(from, statement.expression.getStart(file));
    const modifiers = compiler.canHaveModifiers(statement) ? (compiler.getModifiers(statement) ?? []) : [];
    for (const modifier of modifiers)
      if (modifier.kind === compiler.SyntaxKind.ExportKeyword || modifier.kind === compiler.SyntaxKind.DefaultKeyword)
        put(modifier.getStart(file), modifier.end);
  }
  return result;
}
