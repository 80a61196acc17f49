/** @file The two changes that a cell's JavaScript needs: the stop button can end every `await`, and the notebook has one scope (live-scope.ts). */
import type ts from "typescript";
import type { CellRuntime } from "./cell-runtime.js";
import { fills, type LiveScope, liveScope, type Names, NOTEBOOK, placedAtStart } from "./live-scope.js";

/** What a transformed cell is said of. */
export interface Transformed {
  readonly file: ts.SourceFile;
  /** whether it has an `await` outside functions */
  readonly asynchronous: boolean;
}

/** How a cell's code reaches what the kernel gives it. */
export interface CellNames {
  /** the name of `CellRuntime` in the code */
  readonly runtime: string;
  /** the notebook's names; absent for a module that a cell imports, which has a scope of its own */
  readonly names?: Names;
  /** the property of the notebook's object for the value of a cell that has `using` and ends in an expression: tslab finds the value of other cells */
  readonly last?: string;
}

/** The names that a cell declares outside of functions and blocks: all of them, and those that are no imports. */
export function declaredNames(
  compiler: typeof ts,
  file: ts.SourceFile,
): { readonly all: ReadonlySet<string>; readonly own: ReadonlySet<string> } {
  const all = new Set<string>();
  const imported = new Set<string>();
  for (const statement of file.statements) {
    if (isLocalExport(compiler, statement))
      for (const { name, propertyName } of statement.exportClause.elements) all.add((propertyName ?? name).text);
    if (!compiler.isImportDeclaration(statement)) continue;
    const { name, namedBindings } = statement.importClause ?? {};
    if (name) imported.add(name.text);
    if (namedBindings && compiler.isNamespaceImport(namedBindings)) imported.add(namedBindings.name.text);
    if (namedBindings && compiler.isNamedImports(namedBindings)) for (const each of namedBindings.elements) imported.add(each.name.text);
  }
  all.delete("__global"); // `declare global`, which tslab takes for a name
  return { all, own: new Set([...all].filter((name) => !imported.has(name))) };
}

type LocalExport = ts.ExportDeclaration & { readonly exportClause: ts.NamedExports };
const isLocalExport = (compiler: typeof ts, node: ts.Node): node is LocalExport =>
  compiler.isExportDeclaration(node) &&
  !node.moduleSpecifier &&
  node.exportClause !== undefined &&
  compiler.isNamedExports(node.exportClause);

/** Transforms a cell, or a module that it imports. */
export function transformCell(
  compiler: typeof ts,
  context: ts.TransformationContext,
  file: ts.SourceFile,
  { runtime, names, last }: CellNames,
): Transformed {
  const { factory } = context;
  const scope = names && liveScope(compiler, file, factory, names);
  const calls = runtimeCalls(compiler, factory, runtime);
  let asynchronous = false;
  const visit =
    (within: "cell" | "function") =>
    (node: ts.Node): ts.Node => {
      // tslab writes `exports.f` for a name of an earlier cell
      if (
        scope &&
        compiler.isPropertyAccessExpression(node) &&
        compiler.isIdentifier(node.expression) &&
        node.expression.text === "exports"
      )
        return scope.kept(node.name.text, node.name);
      if (scope && compiler.isIdentifier(node))
        return scope.isVariable(node) && scope.isLive(node, node.text) ? scope.kept(node.text, node) : node;
      const inside = compiler.visitEachChild(node, visit(compiler.isFunctionLike(node) ? "function" : within), context);
      const waits = compiler.isAwaitExpression(inside) || (compiler.isForOfStatement(inside) && inside.awaitModifier !== undefined);
      if (waits && within === "cell") asynchronous = true;
      const changed = calls(inside);
      return scope ? declared(compiler, factory, scope, node, changed) : changed;
    };
  const kept = (made: ts.Statement) => (last === undefined ? made : withLastKept(compiler, factory, made, last));
  const parts = { imports: [] as ts.Statement[], functions: [] as ts.Statement[], rest: [] as ts.Statement[] };
  for (const [k, statement] of file.statements.entries()) {
    const empty = scope && emptyEnumeration(compiler, factory, scope, statement, file.statements[k + 1]);
    const made = empty ?? kept(visit("cell")(statement) as ts.Statement);
    const part = compiler.isImportDeclaration(statement)
      ? "imports"
      : scope && compiler.isFunctionDeclaration(statement)
        ? "functions"
        : "rest";
    parts[part].push(made);
  }
  const statements = factory.createNodeArray([...parts.imports, ...parts.functions, ...parts.rest]);
  return { file: factory.updateSourceFile(file, compiler.setTextRange(statements, file.statements)), asynchronous };
}

/** Keeps the value that the block of `using` ends in: the compiler makes a `try` of it. */
function withLastKept(compiler: typeof ts, factory: ts.NodeFactory, statement: ts.Statement, name: string): ts.Statement {
  if (!compiler.isTryStatement(statement)) return statement;
  const { tryBlock: block, catchClause, finallyBlock } = statement;
  const end = block.statements.at(-1);
  if (!end || !compiler.isExpressionStatement(end)) return statement;
  const place = factory.createPropertyAccessExpression(factory.createIdentifier(NOTEBOOK), name);
  const kept = factory.updateExpressionStatement(end, factory.createAssignment(place, end.expression));
  return factory.updateTryStatement(
    statement,
    factory.updateBlock(block, [...block.statements.slice(0, -1), kept]),
    catchClause,
    finallyBlock,
  );
}

/** Puts the runtime's functions around what is awaited, into `import()` and `import.meta`. */
function runtimeCalls(compiler: typeof ts, factory: ts.NodeFactory, runtime: string) {
  // A stack trace gives the position of the callee's name. It is mapped to the expression that is passed.
  const member = (name: keyof CellRuntime, at: ts.Node) => {
    const placed = <T extends ts.Node>(node: T): T => compiler.setSourceMapRange(node, at);
    return placed(
      factory.createPropertyAccessExpression(placed(factory.createIdentifier(runtime)), placed(factory.createIdentifier(name))),
    );
  };
  const call = (name: keyof CellRuntime, argument: ts.Expression) =>
    compiler.setTextRange(factory.createCallExpression(member(name, argument), undefined, [argument]), argument);
  return (node: ts.Node): ts.Node => {
    if (compiler.isAwaitExpression(node)) return factory.updateAwaitExpression(node, call("wait", node.expression));
    if (compiler.isForOfStatement(node) && node.awaitModifier)
      return factory.updateForOfStatement(node, node.awaitModifier, node.initializer, call("each", node.expression), node.statement);
    if (compiler.isCallExpression(node) && node.expression.kind === compiler.SyntaxKind.ImportKeyword)
      return compiler.setTextRange(factory.createCallExpression(member("load", node), undefined, node.arguments), node);
    if (compiler.isMetaProperty(node) && node.keywordToken === compiler.SyntaxKind.ImportKeyword) return member("meta", node);
    return node;
  };
}

/**
 * Declarations of the notebook's names as assignments.
 * @param node as it was written: its parents say where it stands  @param inside the same with its parts changed
 */
function declared(compiler: typeof ts, factory: ts.NodeFactory, scope: LiveScope, node: ts.Node, inside: ts.Node): ts.Node {
  const joined = (expressions: readonly ts.Expression[]) => expressions.reduce((a, b) => factory.createComma(a, b));
  const statement = (expression: ts.Expression) => compiler.setTextRange(factory.createExpressionStatement(expression), node);
  if (compiler.isVariableStatement(node) && compiler.isVariableStatement(inside)) {
    if (node.modifiers || !scope.isLiveList(node.declarationList)) return inside;
    return statement(joined(scope.assignments(inside.declarationList, kindOf(compiler, node.declarationList))));
  }
  if (compiler.isForStatement(node) && compiler.isForStatement(inside)) {
    const [list, made] = [node.initializer, inside.initializer];
    if (!list || !made || !isList(compiler, list) || !isList(compiler, made) || !scope.isLiveList(list)) return inside;
    return factory.updateForStatement(
      inside,
      joined(scope.assignments(made, "as it was")),
      inside.condition,
      inside.incrementor,
      inside.statement,
    );
  }
  if (
    (compiler.isForOfStatement(node) || compiler.isForInStatement(node)) &&
    (compiler.isForOfStatement(inside) || compiler.isForInStatement(inside))
  ) {
    const [list, made] = [node.initializer, inside.initializer];
    if (!isList(compiler, list) || !isList(compiler, made) || !scope.isLiveList(list)) return inside;
    const [{ name }] = made.declarations;
    return compiler.isForOfStatement(inside)
      ? factory.updateForOfStatement(inside, inside.awaitModifier, scope.target(name), inside.expression, inside.statement)
      : factory.updateForInStatement(inside, scope.target(name), inside.expression, inside.statement);
  }
  if (compiler.isFunctionDeclaration(node) && compiler.isFunctionDeclaration(inside)) {
    if (!node.name || !inside.body || !compiler.isSourceFile(node.parent) || !scope.isLive(node, node.name.text)) return inside;
    const { modifiers, asteriskToken, name, parameters, body } = inside;
    const value = factory.createFunctionExpression(
      modifiers?.filter(compiler.isModifier),
      asteriskToken,
      name,
      undefined,
      parameters,
      undefined,
      body,
    );
    return statement(factory.createAssignment(scope.kept(node.name.text, node.name), value));
  }
  if (compiler.isClassDeclaration(node) && compiler.isClassDeclaration(inside)) {
    if (!node.name || !compiler.isSourceFile(node.parent) || !scope.isLive(node.parent, node.name.text)) return inside;
    const value = factory.createClassExpression(undefined, inside.name, undefined, inside.heritageClauses, inside.members);
    return statement(factory.createAssignment(scope.kept(node.name.text, node.name), value));
  }
  if (compiler.isShorthandPropertyAssignment(node) && scope.isLive(node, node.name.text)) {
    const { objectAssignmentInitializer: initial } = inside as ts.ShorthandPropertyAssignment;
    const value = scope.kept(node.name.text, node.name);
    return factory.createPropertyAssignment(node.name, initial ? factory.createAssignment(value, initial) : value);
  }
  if (isLocalExport(compiler, inside)) {
    const rest = inside.exportClause.elements.filter(({ name, propertyName }) => !scope.isOwn((propertyName ?? name).text));
    const clause = factory.updateNamedExports(inside.exportClause, rest);
    return factory.updateExportDeclaration(inside, inside.modifiers, inside.isTypeOnly, clause, undefined, inside.attributes);
  }
  return withoutReceiver(compiler, factory, inside);
}

const isList = (compiler: typeof ts, node: ts.Node): node is ts.VariableDeclarationList => compiler.isVariableDeclarationList(node);
const kindOf = (compiler: typeof ts, { flags }: ts.VariableDeclarationList) =>
  flags & compiler.NodeFlags.BlockScoped ? ("undefined" as const) : ("as it was" as const);

/** `__notebook__.f()` becomes `(0, __notebook__.f)()`: a function of the notebook has no receiver. */
function withoutReceiver(compiler: typeof ts, factory: ts.NodeFactory, node: ts.Node): ts.Node {
  const isKept = (callee: ts.Expression): callee is ts.PropertyAccessExpression =>
    compiler.isPropertyAccessExpression(callee) && compiler.isIdentifier(callee.expression) && callee.expression.text === NOTEBOOK;
  // V8 reports the end of the callee as the place of a call; a trace shall name the function's name
  const bare = (callee: ts.PropertyAccessExpression) => {
    for (const part of [callee, callee.expression, callee.name]) placedAtStart(compiler, part, callee.name);
    return placedAtStart(
      compiler,
      factory.createParenthesizedExpression(factory.createComma(factory.createNumericLiteral(0), callee)),
      callee.name,
    );
  };
  if (compiler.isCallChain(node) && isKept(node.expression))
    return factory.updateCallChain(node, bare(node.expression), node.questionDotToken, node.typeArguments, node.arguments);
  if (compiler.isCallExpression(node) && isKept(node.expression))
    return factory.updateCallExpression(node, bare(node.expression), node.typeArguments, node.arguments);
  if (compiler.isTaggedTemplateExpression(node) && isKept(node.tag))
    return factory.updateTaggedTemplateExpression(node, bare(node.tag), node.typeArguments, node.template);
  return node;
}

/** `var E;` of an enumeration or a namespace: a cell that runs again, or declares it anew, begins it anew. */
function emptyEnumeration(
  compiler: typeof ts,
  factory: ts.NodeFactory,
  scope: LiveScope,
  statement: ts.Statement,
  next: ts.Statement | undefined,
) {
  if (!compiler.isVariableStatement(statement) || statement.modifiers) return undefined;
  const { declarations } = statement.declarationList;
  const [{ name, initializer }] = declarations;
  if (declarations.length !== 1 || initializer || !compiler.isIdentifier(name)) return undefined;
  if (!fills(compiler, next, name.text) || !scope.isLive(statement, name.text)) return undefined;
  return factory.createExpressionStatement(factory.createAssignment(scope.kept(name.text, name), factory.createVoidZero()));
}
