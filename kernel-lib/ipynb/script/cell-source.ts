/** @file Splits a code cell into imports, declared names, code, and the last expression. */
import type ts from "typescript";
import { NotebookError } from "../../core/errors.js";
import { cellTypescript } from "../cell-typescript.js";

/** One imported name. */
export interface Binding {
  readonly local: string;
  /** name in the module; "default", or "*" for the namespace */
  readonly imported: string;
  readonly module: string;
  readonly kind: "value" | "type";
}

/** The parts of a code cell. */
export interface CellSource {
  readonly bindings: readonly Binding[];
  /** modules that are imported only for their side effects */
  readonly modules: readonly string[];
  /** names that its top level declares, in order */
  readonly declared: readonly string[];
  /** all code but the imports and the last expression */
  readonly code: string;
  /** the last expression */
  readonly last?: string;
}

/** Parses a code cell. @param number the cell's number, for errors @throws NotebookError if the code does not parse */
export function readCell(source: string, number: number): CellSource {
  const typescript = cellTypescript();
  // a module, in which await is a keyword
  const text = `${source}\nexport {};`;
  const { diagnostics = [] } = typescript.transpileModule(text, {
    reportDiagnostics: true,
    compilerOptions: { target: typescript.ScriptTarget.ES2022 },
  });
  if (diagnostics.length > 0)
    throw new NotebookError(`cell ${number}`, {
      expected: "code that parses",
      found: typescript.flattenDiagnosticMessageText(diagnostics[0].messageText, " "),
    });
  const file = typescript.createSourceFile("cell.ts", text, typescript.ScriptTarget.ES2022, true);
  const statements = file.statements.slice(0, -1);
  const imports = statements.filter(typescript.isImportDeclaration);
  const final = statements[statements.length - 1];
  const last = final && typescript.isExpressionStatement(final) ? final : undefined;
  const cut = [...imports, ...(last ? [last] : [])].map((node) => ({ from: node.getStart(file), to: node.getEnd() }));
  return {
    bindings: imports.flatMap(bindingsOf),
    modules: imports.filter(({ importClause }) => !importClause).map(moduleOf),
    declared: statements.flatMap(declaredBy),
    code: without(source, [...cut, ...statements.flatMap((statement) => rewritten(statement, file))]).trim(),
    last: last?.expression.getText(file),
  };
}

const moduleOf = ({ moduleSpecifier }: ts.ImportDeclaration): string => (moduleSpecifier as ts.StringLiteral).text;

function bindingsOf(node: ts.ImportDeclaration): Binding[] {
  const { importClause: clause } = node;
  if (!clause) return [];
  const [module, kind] = [moduleOf(node), clause.isTypeOnly ? ("type" as const) : ("value" as const)];
  const { name, namedBindings: named } = clause;
  const first: Binding[] = name ? [{ local: name.text, imported: "default", module, kind }] : [];
  if (!named) return first;
  if (cellTypescript().isNamespaceImport(named)) return [...first, { local: named.name.text, imported: "*", module, kind }];
  const rest = named.elements.map(
    (each): Binding => ({
      local: each.name.text,
      imported: (each.propertyName ?? each.name).text,
      module,
      kind: each.isTypeOnly ? "type" : kind,
    }),
  );
  return [...first, ...rest];
}

function declaredBy(statement: ts.Statement): string[] {
  const typescript = cellTypescript();
  const names = (name: ts.BindingName): string[] =>
    typescript.isIdentifier(name)
      ? [name.text]
      : name.elements.flatMap((element) => (typescript.isBindingElement(element) ? names(element.name) : []));
  if (typescript.isVariableStatement(statement)) return statement.declarationList.declarations.flatMap(({ name }) => names(name));
  const named =
    typescript.isFunctionDeclaration(statement) ||
    typescript.isClassDeclaration(statement) ||
    typescript.isEnumDeclaration(statement) ||
    typescript.isInterfaceDeclaration(statement) ||
    typescript.isTypeAliasDeclaration(statement);
  return named && statement.name ? [statement.name.text] : [];
}

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly by?: string;
}

/** Removes `export`, which is only allowed at a module's top level, and turns var into let, which a block may declare again. */
function rewritten(statement: ts.Statement, file: ts.SourceFile): Edit[] {
  const typescript = cellTypescript();
  if (typescript.isExportDeclaration(statement)) return [{ from: statement.getStart(file), to: statement.getEnd() }];
  const modifiers = typescript.canHaveModifiers(statement) ? (typescript.getModifiers(statement) ?? []) : [];
  const edits: Edit[] = modifiers
    .filter(({ kind }) => kind === typescript.SyntaxKind.ExportKeyword)
    .map((modifier) => ({ from: modifier.getStart(file), to: modifier.getEnd() + 1 }));
  if (typescript.isVariableStatement(statement) && !(statement.declarationList.flags & typescript.NodeFlags.BlockScoped)) {
    const from = statement.declarationList.getStart(file);
    edits.push({ from, to: from + "var".length, by: "let" });
  }
  return edits;
}

/** Removes or replaces parts of a text. */
function without(text: string, edits: readonly Edit[]): string {
  const ordered = [...edits].sort((a, b) => b.from - a.from);
  return ordered.reduce((rest, { from, to, by = "" }) => rest.slice(0, from) + by + rest.slice(to), text);
}
