/** @file What later cells know of the names of earlier ones: TypeScript declarations, one text that grows from cell to cell. */
import type ts from "typescript";

/**
 * The declarations after a cell that ended early: its own where they came true, the ones before for its other names. Types always come true.
 * @param after as they would be had it run to its end
 * @param missing names of the cell whose values were not reached
 */
export function partlyDeclared(compiler: typeof ts, before: string, after: string, missing: ReadonlySet<string>): string {
  return filtered(compiler, after, (name) => !missing.has(name)) + filtered(compiler, before, (name) => missing.has(name), "values");
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
