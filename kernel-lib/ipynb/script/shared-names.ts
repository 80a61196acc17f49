/** @file The names of a notebook that several cells declare: each is one variable of the script. */
import type ts from "typescript";
import { cellTypescript } from "../cell-typescript.js";
import { type Binding, type CellSource, namesOf, valuesOf } from "./cell-source.js";

/** The names that are one variable for several cells. */
export interface SharedNames {
  has(name: string): boolean;
  /** whether the script has not declared it yet */
  isNew(name: string): boolean;
  /** notes that the script declares it here */
  begin(name: string): void;
  /** whether all its declarations say the same type, as far as their text tells */
  agrees(name: string): boolean;
}

/** What an import means. */
export const originOf = ({ imported, module }: Binding): string => `${imported} of ${module}`;

/** Finds the names that come again with another meaning. A cell with `using` is a block of the script, so that all its names are shared too. */
export function sharedNames(cells: readonly CellSource[]): SharedNames {
  const meanings = new Map<string, Set<string>>();
  const types = new Map<string, Set<string>>();
  const note = (map: Map<string, Set<string>>, name: string, what: string) => map.set(name, (map.get(name) ?? new Set()).add(what));
  for (const [i, { bindings, values, statements, file, disposes }] of cells.entries()) {
    for (const binding of bindings) {
      if (binding.kind === "value") note(meanings, binding.local, originOf(binding));
      note(types, binding.local, UNKNOWN);
    }
    for (const name of values) note(meanings, name, `cell ${i}`);
    if (disposes) for (const name of values) note(meanings, name, "a block's");
    for (const statement of statements) for (const [name, type] of typesIn(statement, file)) note(types, name, type);
  }
  const begun = new Set<string>();
  const has = (name: string) => (meanings.get(name)?.size ?? 0) > 1;
  return {
    has,
    isNew: (name) => !begun.has(name),
    begin: (name) => begun.add(name),
    agrees: (name) => types.get(name)?.size === 1 && !types.get(name)?.has(UNKNOWN),
  };
}

const UNKNOWN = "unknown";

/** The types of names that a statement declares, as far as its text tells. */
function typesIn(statement: ts.Statement, file: ts.SourceFile): [string, string][] {
  const typescript = cellTypescript();
  if (!typescript.isVariableStatement(statement)) return valuesOf(statement).map((name) => [name, UNKNOWN]);
  return statement.declarationList.declarations.flatMap(({ name, type, initializer }): [string, string][] =>
    typescript.isIdentifier(name)
      ? [[name.text, type?.getText(file) ?? typeOfLiteral(initializer)]]
      : namesOf(name).map((each) => [each, UNKNOWN]),
  );
}

function typeOfLiteral(value: ts.Expression | undefined): string {
  const { SyntaxKind, isPrefixUnaryExpression, isNumericLiteral, isStringLiteralLike, isTemplateExpression } = cellTypescript();
  if (!value) return UNKNOWN;
  if (isNumericLiteral(isPrefixUnaryExpression(value) ? value.operand : value)) return "number";
  if (isStringLiteralLike(value) || isTemplateExpression(value)) return "string";
  return value.kind === SyntaxKind.TrueKeyword || value.kind === SyntaxKind.FalseKeyword ? "boolean" : UNKNOWN;
}
