/**
 * @file The code of a cell in a script where each name is one variable, however often it is declared. Only what declares a shared name changes:
 *
 *   let count = 0;                  let count = 0;                     the first declaration
 *   const count = 7;                count = 7;                         a later one
 *   function area() { … }           area = function() { … };           at the top of its cell, since functions are hoisted
 *   class Dog { … }                 Dog = class Dog { … };
 *   const { count, last } = pair;   let last: any; ({ count, last } = pair);
 */
import type ts from "typescript";
import { cellTypescript } from "../cell-typescript.js";
import { type Binding, type CellSource, innerVars, isAmbient, isUsing, isVar, namesOf } from "./cell-source.js";
import type { SharedNames } from "./shared-names.js";

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly by: string;
}

/** A cell's code for the script. */
export interface CellCode {
  /** declarations before it; with `using`, its code is a block */
  readonly before: readonly string[];
  /** all but the imports and the last expression */
  readonly code: string;
  /** the last expression */
  readonly last?: string;
}

/** Writes a cell's code. */
export function cellCode(cell: CellSource, shared: SharedNames): CellCode {
  const typescript = cellTypescript();
  const { text, file, statements } = cell;
  const writer = declarationWriter(file, shared);
  const before = cell.disposes ? writer.begun(cell.values) : [];
  const head: string[] = [];
  const final = statements[statements.length - 1];
  const last = final && typescript.isExpressionStatement(final) ? final : undefined;
  const edits: Edit[] = [];
  const moves = new Set(hoisted(statements, shared));
  for (const statement of moves)
    head.push(text.slice(beginning(statement, file), statement.getStart(file)) + (writer.statement(statement) ?? ""));
  for (const [k, statement] of statements.entries()) {
    const place = { from: statement.getStart(file), to: statement.getEnd() };
    const line = { from: beginning(statement, file), to: place.to + (/^[ \t]*\n/.exec(text.slice(place.to))?.[0].length ?? 0) };
    if (statement === last || typescript.isImportDeclaration(statement) || typescript.isExportDeclaration(statement))
      edits.push({ ...place, by: "" });
    else if (moves.has(statement as ts.FunctionDeclaration)) edits.push({ ...line, by: "" });
    else if (!isAmbient(statement)) {
      const by = writer.statement(statement);
      if (by === "") edits.push({ ...line, from: place.from, by });
      else if (by !== undefined) edits.push({ ...place, by: /^[([]/.test(by) && isOpen(statements[k - 1], file) ? `;${by}` : by });
      else edits.push(...writer.inner(statement, head));
    }
  }
  const code = [...head, without(text, edits).trim()].filter((part) => part !== "").join("\n");
  return { before, code, last: last?.expression.getText(file) };
}

/** An import of a name that means something else in another cell. */
export function importedHere({ local, imported, module }: Binding, shared: SharedNames): string {
  const namespace = `await import(${JSON.stringify(module)})`;
  const value = imported === "*" ? namespace : `(${namespace}).${imported}`;
  const declares = shared.isNew(local) ? `let ${local}: any` : local;
  shared.begin(local);
  return `${declares} = ${value};`;
}

/** The shared functions that come after a statement which may call them. */
function hoisted(statements: readonly ts.Statement[], shared: SharedNames): ts.FunctionDeclaration[] {
  const typescript = cellTypescript();
  const { isFunctionDeclaration, isImportDeclaration, isInterfaceDeclaration, isTypeAliasDeclaration } = typescript;
  const isQuiet = (each: ts.Statement) =>
    isFunctionDeclaration(each) || isImportDeclaration(each) || isInterfaceDeclaration(each) || isTypeAliasDeclaration(each);
  const busy = statements.findIndex((each) => !isQuiet(each));
  if (busy < 0) return [];
  return statements.slice(busy).filter((each): each is ts.FunctionDeclaration => isFunctionDeclaration(each) && isShared(each, shared));
}

const isShared = (
  { name }: ts.FunctionDeclaration | ts.ClassDeclaration | ts.EnumDeclaration | ts.ModuleDeclaration,
  shared: SharedNames,
) => name !== undefined && shared.has(name.text);

/** Where a statement's own comment begins. */
function beginning(statement: ts.Statement, file: ts.SourceFile): number {
  const comments = cellTypescript().getLeadingCommentRanges(file.text, statement.getFullStart()) ?? [];
  return comments[0]?.pos ?? statement.getStart(file);
}

/** Whether a statement relies on the next one not to begin with a bracket. */
const isOpen = (statement: ts.Statement | undefined, file: ts.SourceFile): boolean =>
  statement !== undefined && !/;$/.test(statement.getText(file));

type ValueDeclaration = ts.FunctionDeclaration | ts.ClassDeclaration | ts.EnumDeclaration | ts.ModuleDeclaration;

/** A declaration's value as an expression. */
function expressionOf(node: ValueDeclaration, file: ts.SourceFile): string {
  const typescript = cellTypescript();
  const text = node.getText(file);
  if (typescript.isFunctionDeclaration(node) && node.name) {
    const before = file.text.slice(node.getStart(file), node.name.getStart(file)).trimEnd();
    return `${before}${file.text.slice(node.name.getEnd(), node.getEnd())}`;
  }
  const isAbstract = node.modifiers?.some(({ kind }) => kind === typescript.SyntaxKind.AbstractKeyword);
  return typescript.isClassDeclaration(node) && !isAbstract ? text : `(() => {\n${text}\nreturn ${node.name?.text};\n})()`;
}

/** The type of a class's or an enumeration's name, which a variable has not. */
function typeBeside(node: ValueDeclaration): string {
  const { isClassDeclaration, isEnumDeclaration } = cellTypescript();
  if (isClassDeclaration(node)) return `\ntype ${node.name?.text}${generics(node.typeParameters?.length ?? 0)} = any;`;
  return isEnumDeclaration(node) ? `\ntype ${node.name.text} = any;` : "";
}

function declarationWriter(file: ts.SourceFile, shared: SharedNames) {
  const typescript = cellTypescript();
  const textOf = (node: ts.Node) => node.getText(file);
  const isOld = (name: string) => shared.has(name) && !shared.isNew(name);

  /** Declares names without a value, those that have no declaration yet. */
  function begun(names: readonly string[]): string[] {
    const fresh = names.filter((name) => !isOld(name));
    for (const name of fresh) shared.begin(name);
    return fresh.length > 0 ? [`let ${fresh.map((name) => `${name}: any`).join(", ")};`] : [];
  }

  /** `name = ` or, at its first place, `let name: any = `. */
  function assigned(name: string, value: string): string {
    const declares = shared.isNew(name) ? `let ${name}: any` : name;
    shared.begin(name);
    return `${declares} = ${value};`;
  }

  /** The declaration of a shared function, class, enumeration or namespace as an assignment. */
  function value(node: ValueDeclaration): string {
    const name = node.name?.text ?? "";
    if (typescript.isFunctionDeclaration(node) && !node.body) return "";
    const type = shared.isNew(name) ? typeBeside(node) : "";
    return assigned(name, expressionOf(node, file)) + type;
  }

  /** One declaration of a list. */
  function declaration(list: ts.VariableDeclarationList, node: ts.VariableDeclaration): string {
    const names = namesOf(node.name);
    const first = names[0] ?? "";
    const single = typescript.isIdentifier(node.name);
    if (!names.some(shared.has)) return `${textOf(list).split(/\s/, 1)[0]} ${textOf(node)};`;
    if (!names.some(isOld)) {
      for (const name of names) shared.begin(name);
      const typed = single && shared.agrees(first) ? textOf(node) : `${textOf(node.name)}: any${initialOf(node)}`;
      return `${isVar(list) ? "var" : "let"} ${typed};`;
    }
    if (!single) return [...begun(names), `(${textOf(node.name)}${initialOf(node)});`].join(" ");
    if (node.initializer) return `${first}${initialOf(node)};`;
    return isVar(list) ? "" : `${first} = undefined;`;
  }

  const initialOf = ({ initializer }: ts.VariableDeclaration) => (initializer ? ` = ${textOf(initializer)}` : "");

  return {
    begun,
    value,
    /** A statement's new text, or undefined if its declarations stay as they are. */
    statement(node: ts.Statement): string | undefined {
      if (typescript.isVariableStatement(node)) {
        const { declarationList: list } = node;
        if (isUsing(list) || !list.declarations.some(({ name }) => namesOf(name).some(shared.has))) return undefined;
        return list.declarations
          .map((each) => declaration(list, each))
          .filter((text) => text !== "")
          .join(" ");
      }
      const valued =
        typescript.isFunctionDeclaration(node) ||
        typescript.isClassDeclaration(node) ||
        typescript.isEnumDeclaration(node) ||
        typescript.isModuleDeclaration(node);
      return valued && isShared(node, shared) ? value(node) : undefined;
    },
    /** The `var` inside a statement. @param head receives the declarations that this needs before the cell */
    inner(statement: ts.Statement, head: string[]): Edit[] {
      return innerVars(statement).flatMap((list) => {
        const names = list.declarations.flatMap(({ name }) => namesOf(name));
        if (isOfCell(list) || !names.some(shared.has)) return [];
        head.push(...begun(names));
        return [assignments(list, file)];
      });
    },
  };
}

const isOfCell = ({ parent }: ts.VariableDeclarationList): boolean =>
  cellTypescript().isVariableStatement(parent) && cellTypescript().isSourceFile(parent.parent);

const generics = (count: number): string => (count > 0 ? `<${Array.from({ length: count }, (_, k) => `_${k} = any`).join(", ")}>` : "");

/** A list of `var` inside a block or a loop's head, as assignments. */
function assignments(list: ts.VariableDeclarationList, file: ts.SourceFile): Edit {
  const typescript = cellTypescript();
  const { parent } = list;
  const place = { from: list.getStart(file), to: list.getEnd() };
  if (typescript.isForOfStatement(parent) || typescript.isForInStatement(parent))
    return { ...place, by: list.declarations[0].name.getText(file) };
  const set = list.declarations.filter(({ initializer }) => initializer);
  const by = set.map(({ name, initializer }) => `${name.getText(file)} = ${initializer?.getText(file)}`).join(", ");
  if (typescript.isForStatement(parent)) return { ...place, by };
  return { from: place.from, to: parent.getEnd(), by: /^[[{]/.test(by) ? `{ (${by}); }` : `${by};` };
}

/** Replaces parts of a text. */
function without(text: string, edits: readonly Edit[]): string {
  const ordered = [...edits].sort((a, b) => b.from - a.from);
  return ordered.reduce((rest, { from, to, by }) => rest.slice(0, from) + by + rest.slice(to), text);
}
