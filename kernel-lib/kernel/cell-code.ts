/**
 * @file Transforms the JavaScript that TypeScript emitted for a cell into CommonJS. The stop button can end every `await`, and source positions map
 * back to the cell.
 */
import { SourceMap } from "node:module";
import type ts from "typescript";

/** The name of {@link CellRuntime} in a cell's code. */
const RUNTIME = "__veduta_cell__";
/** The property of `globalThis` that holds {@link CellRuntime}. */
export const RUNTIME_KEY = Symbol.for("veduta.cell");
const PRELUDE = `const ${RUNTIME} = globalThis[Symbol.for("veduta.cell")];\n`;

/** Functions that the transformed code of cells calls. */
export interface CellRuntime {
  /** replaces x in `await x` */
  wait<T>(value: T): Promise<Awaited<T>>;
  /** replaces x in `for await (… of x)` */
  each(iterable: AsyncIterable<unknown> | Iterable<unknown>): AsyncIterable<unknown>;
}

/** A position in a source; line and column count from 0. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A cell's transformed code. */
export interface CellCode {
  readonly code: string;
  /** names that the cell declares */
  readonly names: ReadonlySet<string>;
  /** whether it has an `await` outside functions */
  readonly asynchronous: boolean;
  /** Maps a position in `code` to the cell's TypeScript, without the line `export {}` that tslab puts first. */
  origin(position: Position): Position | undefined;
}

const INLINE_MAP = /\n\/\/# sourceMappingURL=data:application\/json;base64,([\w+/=]+)\s*$/;

/** Whether `{ name }` reads a name that no scope of the cell declares. */
function isFree(node: ts.ShorthandPropertyAssignment): boolean {
  if (node.objectAssignmentInitializer) return false;
  for (let scope: Scope | undefined = node; scope; scope = scope.parent) if (scope.locals?.has(node.name.text)) return false;
  return true;
}
/** A node with its declared names, as the compiler's binder found them. */
type Scope = ts.Node & { readonly locals?: ReadonlyMap<string, unknown>; readonly parent?: Scope };

/** Whether a node is in a destructuring assignment's pattern: `({ name } = object)`. */
function isAssigned(compiler: typeof ts, node: ts.Node): boolean {
  const { parent } = node;
  if (compiler.isBinaryExpression(parent)) return parent.operatorToken.kind === compiler.SyntaxKind.EqualsToken && parent.left === node;
  if (compiler.isPropertyAssignment(parent)) return parent.initializer === node && isAssigned(compiler, parent);
  return (compiler.isObjectLiteralExpression(parent) || compiler.isArrayLiteralExpression(parent)) && isAssigned(compiler, parent);
}

/** Transforms a cell's code. @param js ends with an inline source map */
export function cellCode(compiler: typeof ts, js: string): CellCode {
  const inline = INLINE_MAP.exec(js);
  const names = new Set<string>();
  let asynchronous = false;

  const before: ts.TransformerFactory<ts.SourceFile> = (context) => (file) => {
    // A stack trace gives the position of the callee's name. It is mapped to the awaited expression.
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
    // Names of earlier cells are properties of `exports`. tslab rewrites all uses except `{ name }`, which may also be a global.
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
  const maps = [sourceMapText, inline && Buffer.from(inline[1], "base64").toString()].map((text) =>
    text ? new SourceMap(JSON.parse(text)) : undefined,
  );
  // TypeScript first sets every export to undefined, which would erase an earlier cell's value of the same name.
  const code = PRELUDE + outputText.replace(/^(exports\.[\w$]+ = )+void 0;$/m, "").replace(/\n\/\/# sourceMappingURL=\S*\s*$/, "\n");
  const end = code.split("\n").length - 1;
  return {
    code,
    names,
    asynchronous,
    // the wrapper around the cell has no origin
    origin: ({ line, column }) => (line >= end ? undefined : originThrough(maps, line, column)),
  };
}

/** The place in the cell that a line and column of its code comes from, through one source map after the other. */
function originThrough(maps: readonly (SourceMap | undefined)[], line: number, column: number): ReturnType<CellCode["origin"]> {
  let [at, col] = [line - 1, column];
  for (const map of maps) {
    if (!map) return undefined;
    const entry = map.findEntry(at, col);
    if (!("originalLine" in entry)) return undefined;
    [at, col] = [entry.originalLine, entry.originalColumn];
  }
  return at < 1 ? undefined : { line: at - 1, column: col };
}
