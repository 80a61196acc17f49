/** @file A code cell as the script reads it: its syntax tree, its imports, and the names that it declares. */
import type ts from "typescript";
import { NotebookError } from "../../core/errors.js";
import { withoutExports } from "../cell-exports.js";
import { cellTypescript } from "../cell-typescript.js";

/** One imported name. */
export interface Binding {
  readonly local: string;
  /** name in the module; "default", or "*" for the namespace */
  readonly imported: string;
  readonly module: string;
  readonly kind: "value" | "type";
}

/** A code cell. */
export interface CellSource {
  /** without `export` */
  readonly text: string;
  readonly file: ts.SourceFile;
  /** the statements of the cell */
  readonly statements: readonly ts.Statement[];
  readonly bindings: readonly Binding[];
  /** modules that are imported only for their side effects */
  readonly modules: readonly string[];
  /** names of values that it declares outside of functions and blocks, in order, a `var` inside a block too; imports are not among them */
  readonly values: readonly string[];
  /** names of types, and what says their meaning */
  readonly types: ReadonlyMap<string, string>;
  /** whether it has `using` outside of functions and blocks */
  readonly disposes: boolean;
}

/** Parses a code cell. @param number the cell's number, for errors @throws NotebookError if the code does not parse */
export function readCell(source: string, number: number): CellSource {
  const typescript = cellTypescript();
  const text = withoutExports(source, "moved");
  // a module, in which await is a keyword
  const module = `${text}\nexport {};`;
  const { diagnostics = [] } = typescript.transpileModule(module, {
    reportDiagnostics: true,
    compilerOptions: { target: typescript.ScriptTarget.ES2022 },
  });
  if (diagnostics.length > 0)
    throw new NotebookError(`cell ${number}`, {
      expected: "code that parses",
      found: typescript.flattenDiagnosticMessageText(diagnostics[0].messageText, " "),
    });
  const file = typescript.createSourceFile("cell.ts", module, typescript.ScriptTarget.ES2022, true);
  const statements = file.statements.slice(0, -1);
  const imports = statements.filter(typescript.isImportDeclaration);
  return {
    text,
    file,
    statements,
    bindings: imports.flatMap(bindingsOf),
    modules: imports.filter(({ importClause }) => !importClause).map(moduleOf),
    values: [...new Set(statements.flatMap(valuesOf))],
    types: new Map(statements.flatMap((statement) => typeOf(statement, file))),
    disposes: statements.some((statement) => typescript.isVariableStatement(statement) && isUsing(statement.declarationList)),
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

/** The names of a declaration or a pattern, in order. */
export function namesOf(name: ts.BindingName): string[] {
  const typescript = cellTypescript();
  if (typescript.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (typescript.isBindingElement(element) ? namesOf(element.name) : []));
}

/** Whether `declare` makes a statement a mere type. */
export const isAmbient = (statement: ts.Statement): boolean => {
  const typescript = cellTypescript();
  const modifiers = typescript.canHaveModifiers(statement) ? (typescript.getModifiers(statement) ?? []) : [];
  return modifiers.some(({ kind }) => kind === typescript.SyntaxKind.DeclareKeyword);
};

/** Whether a list is one of `using` or `await using`. Its names end with the cell. */
export const isUsing = ({ flags }: ts.VariableDeclarationList): boolean => {
  const { NodeFlags } = cellTypescript();
  return (flags & NodeFlags.BlockScoped) === NodeFlags.Using || (flags & NodeFlags.BlockScoped) === NodeFlags.AwaitUsing;
};

/** Whether a list is one of `var`. */
export const isVar = ({ flags }: ts.VariableDeclarationList): boolean => !(flags & cellTypescript().NodeFlags.BlockScoped);

/** The names of values that a statement of a cell declares. */
export function valuesOf(statement: ts.Statement): string[] {
  const typescript = cellTypescript();
  if (isAmbient(statement)) return [];
  if (typescript.isVariableStatement(statement)) {
    const { declarationList: list } = statement;
    return isUsing(list) ? [] : list.declarations.flatMap(({ name }) => namesOf(name));
  }
  if (typescript.isModuleDeclaration(statement)) return isTypesOnly(statement) ? [] : [statement.name.text];
  const named =
    typescript.isFunctionDeclaration(statement) || typescript.isClassDeclaration(statement) || typescript.isEnumDeclaration(statement);
  if (named) return statement.name ? [statement.name.text] : [];
  return innerVars(statement).flatMap((list) => list.declarations.flatMap(({ name }) => namesOf(name)));
}

/** A namespace that only holds types has no value. */
function isTypesOnly({ body }: ts.ModuleDeclaration): boolean {
  const typescript = cellTypescript();
  if (!body || !typescript.isModuleBlock(body)) return false;
  return body.statements.every((each) => typescript.isInterfaceDeclaration(each) || typescript.isTypeAliasDeclaration(each));
}

/** The lists of `var` inside a statement, outside of functions. */
export function innerVars(node: ts.Node): ts.VariableDeclarationList[] {
  const typescript = cellTypescript();
  if (typescript.isFunctionLike(node) || typescript.isClassLike(node) || typescript.isModuleDeclaration(node)) return [];
  if (typescript.isVariableDeclarationList(node)) return isVar(node) ? [node] : [];
  const lists: ts.VariableDeclarationList[] = [];
  typescript.forEachChild(node, (child) => {
    lists.push(...innerVars(child));
  });
  return lists;
}

/** What a class or an enumeration says of the meaning of its name as a type; its value says the rest. */
const OF_VALUE = "of its value";

function typeOf(statement: ts.Statement, file: ts.SourceFile): [string, string][] {
  const typescript = cellTypescript();
  if (typescript.isInterfaceDeclaration(statement) || typescript.isTypeAliasDeclaration(statement))
    return [[statement.name.text, statement.getText(file)]];
  const valued = typescript.isClassDeclaration(statement) || typescript.isEnumDeclaration(statement);
  return valued && statement.name ? [[statement.name.text, OF_VALUE]] : [];
}
