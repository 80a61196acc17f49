/**
 * @file From the JavaScript that TypeScript emitted of a cell to the CommonJS that runs: every `await` is one that the stop button ends, and every
 * position can be traced back to the cell.
 */
import { SourceMap } from "node:module";
import type ts from "typescript";

/** Under this name a cell finds {@link CellRuntime}. */
const RUNTIME = "__veduta_cell__";
export const RUNTIME_KEY = Symbol.for("veduta.cell");
const PRELUDE = `const ${RUNTIME} = globalThis[Symbol.for("veduta.cell")];\n`;

/** What the code of cells calls. */
export interface CellRuntime {
  /** of `await x` */
  wait<T>(value: T): Promise<Awaited<T>>;
  /** of `for await (… of x)` */
  each(iterable: AsyncIterable<unknown> | Iterable<unknown>): AsyncIterable<unknown>;
}

/** Where in a source; lines and columns from 0. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface CellCode {
  readonly code: string;
  /** names that the cell declares */
  readonly names: ReadonlySet<string>;
  /** has an `await` outside of functions */
  readonly asynchronous: boolean;
  /** @param place in `code` @returns the place in the TypeScript source, the line of `export {}` that tslab puts first taken off */
  origin(position: Position): Position | undefined;
}

const INLINE_MAP = /\n\/\/# sourceMappingURL=data:application\/json;base64,([\w+/=]+)\s*$/;

/** Whether `{ name }` reads a name that the cell itself does not declare, in whatever scope. */
function isFree(node: ts.ShorthandPropertyAssignment): boolean {
  if (node.objectAssignmentInitializer) return false;
  for (let scope: Scope | undefined = node; scope; scope = scope.parent) if (scope.locals?.has(node.name.text)) return false;
  return true;
}
/** A node with the names that the compiler's binder found to be declared in it. */
type Scope = ts.Node & { readonly locals?: ReadonlyMap<string, unknown>; readonly parent?: Scope };

/** Whether a node is in a pattern on the left of `=`: `({ name } = object)`. */
function isAssigned(compiler: typeof ts, node: ts.Node): boolean {
  const { parent } = node;
  if (compiler.isBinaryExpression(parent)) return parent.operatorToken.kind === compiler.SyntaxKind.EqualsToken && parent.left === node;
  if (compiler.isPropertyAssignment(parent)) return parent.initializer === node && isAssigned(compiler, parent);
  return (compiler.isObjectLiteralExpression(parent) || compiler.isArrayLiteralExpression(parent)) && isAssigned(compiler, parent);
}

/** @param js ends with an inline source map */
export function cellCode(compiler: typeof ts, js: string): CellCode {
  const inline = INLINE_MAP.exec(js);
  const names = new Set<string>();
  let asynchronous = false;

  const before: ts.TransformerFactory<ts.SourceFile> = (context) => (file) => {
    // In stack traces the call stands where its name stands, which is made to be where the awaited expression is.
    const call = (name: keyof CellRuntime, argument: ts.Expression) => {
      const { factory } = context;
      const placed = <T extends ts.Node>(node: T): T => compiler.setSourceMapRange(node, argument);
      const callee = factory.createPropertyAccessExpression(
        placed(factory.createIdentifier(RUNTIME)),
        placed(factory.createIdentifier(name)),
      );
      return compiler.setTextRange(factory.createCallExpression(placed(callee), undefined, [argument]), argument);
    };
    const visit =
      (within: "cell" | "function") =>
      (node: ts.Node): ts.Node => {
        const inside = compiler.visitEachChild(node, visit(compiler.isFunctionLike(node) ? "function" : within), context);
        if (compiler.isShorthandPropertyAssignment(node) && isFree(node)) return whole(node, isAssigned(compiler, node));
        const waits = compiler.isAwaitExpression(inside) || (compiler.isForOfStatement(inside) && inside.awaitModifier !== undefined);
        if (waits && within === "cell") asynchronous = true;
        if (compiler.isAwaitExpression(inside)) return context.factory.updateAwaitExpression(inside, call("wait", inside.expression));
        if (compiler.isForOfStatement(inside) && inside.awaitModifier)
          return context.factory.updateForOfStatement(
            inside,
            inside.awaitModifier,
            inside.initializer,
            call("each", inside.expression),
            inside.statement,
          );
        return inside;
      };
    // What earlier cells declared is a property of `exports`. tslab writes it so everywhere but in `{ name }`, which may also mean a global.
    const whole = (node: ts.ShorthandPropertyAssignment, assigned: boolean): ts.PropertyAssignment => {
      const { factory } = context;
      const all = factory.createIdentifier("exports");
      const kept = factory.createPropertyAccessExpression(all, node.name);
      const has = factory.createBinaryExpression(factory.createStringLiteral(node.name.text), compiler.SyntaxKind.InKeyword, all);
      const value = assigned ? kept : factory.createConditionalExpression(has, undefined, kept, undefined, node.name);
      return factory.createPropertyAssignment(node.name, value);
    };
    for (const statement of file.statements)
      if (compiler.isExportDeclaration(statement) && statement.exportClause && compiler.isNamedExports(statement.exportClause))
        for (const { name } of statement.exportClause.elements) names.add(name.text);
    return compiler.visitEachChild(file, visit("cell"), context);
  };

  const { outputText, sourceMapText } = compiler.transpileModule(js.replace(INLINE_MAP, "\n"), {
    fileName: "cell.js",
    transformers: { before: [before] },
    compilerOptions: {
      module: compiler.ModuleKind.CommonJS,
      target: compiler.ScriptTarget.ES2022,
      esModuleInterop: true,
      newLine: compiler.NewLineKind.LineFeed,
      noImplicitUseStrict: true,
      sourceMap: true,
    },
  });
  const maps = [sourceMapText, inline && Buffer.from(inline[1], "base64").toString()].map(
    (text) => text && new SourceMap(JSON.parse(text)),
  );
  // TypeScript declares every export as undefined first, which would take away the value of a cell before that has the same name.
  const code = PRELUDE + outputText.replace(/^(exports\.[\w$]+ = )+void 0;$/m, "").replace(/\n\/\/# sourceMappingURL=\S*\s*$/, "\n");
  const end = code.split("\n").length - 1;
  return {
    code,
    names,
    asynchronous,
    origin({ line, column }) {
      if (line >= end) return undefined; // the call around the cell
      let [at, col] = [line - 1, column];
      for (const map of maps) {
        if (!map) return undefined;
        const entry = map.findEntry(at, col);
        if (!("originalLine" in entry)) return undefined;
        [at, col] = [entry.originalLine, entry.originalColumn];
      }
      return at < 1 ? undefined : { line: at - 1, column: col };
    },
  };
}
