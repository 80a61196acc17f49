/**
 * @file One scope for a notebook: the names that a cell declares outside of functions and blocks become properties of one object, which all cells
 * share, and so does every use of them. A function of an earlier cell then sees what a later cell assigns or declares anew.
 *
 *   let count = 0;                    __notebook__.count = 0;
 *   function inc() { count++; }       __notebook__.inc = function inc() { __notebook__.count++; };    hoisted, as functions are
 *   const { a, b: [c] } = pair();     ({ a: __notebook__.a, b: [__notebook__.c] } = (0, __notebook__.pair)());
 *
 * The nodes are those of the compiler's JavaScript output; its binder says which names a function or a block declares.
 */
import type ts from "typescript";

/** The name of the object in a cell's code. */
export const NOTEBOOK = "__notebook__";

/** A node with its declared names, as the compiler's binder found them. */
type Scope = ts.Node & { readonly locals?: ReadonlyMap<string, unknown>; readonly parent?: Scope };

/** What decides where a name lives. */
export interface Names {
  /** declared by this cell outside of functions and blocks; imports are not among them */
  readonly own: ReadonlySet<string>;
  /** of earlier cells */
  readonly earlier: ReadonlySet<string>;
}

/** Whether a scope between the node and the cell declares the name. */
function isShadowed(compiler: typeof ts, node: ts.Node, name: string): boolean {
  for (let scope = node as Scope | undefined; scope && !compiler.isSourceFile(scope); scope = scope.parent) {
    if (scope.locals?.has(name)) return true;
    // the inner name of a class, and of a function expression, is its own
    if ((compiler.isClassLike(scope) || compiler.isFunctionExpression(scope)) && scope.name?.text === name) return true;
  }
  return false;
}

/** Whether an identifier names a property, a label, an import or a new variable rather than uses one. */
function isNoVariable(compiler: typeof ts, node: ts.Identifier): boolean {
  const { parent } = node;
  if (!parent) return true; // made by an earlier transform
  if (compiler.isPropertyAccessExpression(parent)) return parent.name === node;
  if (compiler.isVariableDeclaration(parent) || compiler.isParameter(parent)) return parent.name === node;
  if (compiler.isBindingElement(parent)) return parent.initializer !== node;
  if (compiler.isPropertyAssignment(parent) || compiler.isMethodDeclaration(parent) || compiler.isPropertyDeclaration(parent))
    return parent.name === node;
  return (
    compiler.isAccessor(parent) ||
    compiler.isLabeledStatement(parent) ||
    compiler.isBreakOrContinueStatement(parent) ||
    compiler.isImportSpecifier(parent) ||
    compiler.isExportSpecifier(parent) ||
    compiler.isImportClause(parent) ||
    compiler.isNamespaceImport(parent) ||
    compiler.isMetaProperty(parent) ||
    compiler.isShorthandPropertyAssignment(parent) ||
    ((compiler.isFunctionLike(parent) || compiler.isClassLike(parent)) && parent.name === node)
  );
}

/** Maps a new node to the beginning of an old one: a stack trace names the end of the callee, which shall be the beginning of the name. */
export const placedAtStart = <T extends ts.Node>(compiler: typeof ts, node: T, at: ts.Node): T =>
  compiler.setEmitFlags(compiler.setSourceMapRange(node, at), compiler.EmitFlags.NoTrailingSourceMap);

/** Rewrites declarations and uses of the notebook's names. */
export type LiveScope = ReturnType<typeof liveScope>;

/** Makes the scope of one cell. @param file the cell as it was parsed */
export function liveScope(compiler: typeof ts, file: ts.SourceFile, factory: ts.NodeFactory, { own, earlier }: Names) {
  const locals = (file as Scope & ts.SourceFile).locals;
  const isLive = (node: ts.Node, name: string): boolean =>
    (locals?.has(name) ? own.has(name) : earlier.has(name)) && !isShadowed(compiler, node, name);

  const kept = (name: string, at: ts.Node): ts.PropertyAccessExpression => {
    const placed = <T extends ts.Node>(node: T): T => placedAtStart(compiler, node, at);
    return placed(
      factory.createPropertyAccessExpression(placed(factory.createIdentifier(NOTEBOOK)), placed(factory.createIdentifier(name))),
    );
  };

  /** An anonymous function or class takes the name of the variable that it initialises. */
  const named = (name: string, value: ts.Expression): ts.Expression => {
    let bare = value;
    while (compiler.isParenthesizedExpression(bare)) bare = bare.expression;
    const anonymous =
      compiler.isArrowFunction(bare) ||
      ((compiler.isFunctionExpression(bare) || compiler.isClassExpression(bare)) && bare.name === undefined);
    if (!anonymous) return value;
    const holder = factory.createObjectLiteralExpression([factory.createPropertyAssignment(factory.createStringLiteral(name), value)]);
    return factory.createElementAccessExpression(factory.createParenthesizedExpression(holder), factory.createStringLiteral(name));
  };

  const withDefault = (target: ts.Expression, initializer: ts.Expression | undefined): ts.Expression =>
    initializer ? factory.createAssignment(target, initializer) : target;

  /** The pattern of a declaration as that of an assignment. Its parts have been visited already. */
  function target(name: ts.BindingName): ts.Expression {
    if (compiler.isIdentifier(name)) return kept(name.text, name);
    if (compiler.isArrayBindingPattern(name))
      return factory.createArrayLiteralExpression(
        name.elements.map((each) => {
          if (compiler.isOmittedExpression(each)) return each;
          const inner = target(each.name);
          return each.dotDotDotToken ? factory.createSpreadElement(inner) : withDefault(inner, each.initializer);
        }),
      );
    return factory.createObjectLiteralExpression(
      name.elements.map((each) => {
        const inner = target(each.name);
        if (each.dotDotDotToken) return factory.createSpreadAssignment(inner);
        return factory.createPropertyAssignment(each.propertyName ?? (each.name as ts.Identifier), withDefault(inner, each.initializer));
      }),
    );
  }

  /** An assignment for each declaration of a list. @param empty what a name without a value gets: that of `let`, or `var`'s old one */
  function assignments(list: ts.VariableDeclarationList, empty: "undefined" | "as it was"): ts.Expression[] {
    return list.declarations.map(({ name, initializer }) => {
      if (!compiler.isIdentifier(name)) return factory.createAssignment(target(name), initializer ?? factory.createVoidZero());
      const old = empty === "as it was" ? kept(name.text, name) : factory.createVoidZero();
      return factory.createAssignment(kept(name.text, name), initializer ? named(name.text, initializer) : old);
    });
  }

  /** Whether a list of the original tree declares names of the notebook: a `var` outside of functions, or `let` and `const` of the cell itself. */
  function isLiveList(list: ts.VariableDeclarationList): boolean {
    const first = firstName(compiler, list);
    return first !== undefined && isLive(list, first);
  }

  return {
    /** whether a name means one of the notebook's at this place */
    isLive,
    /** whether this cell declares it */
    isOwn: (name: string): boolean => own.has(name),
    isVariable: (node: ts.Identifier): boolean => !isNoVariable(compiler, node),
    kept,
    target,
    assignments,
    isLiveList,
  };
}

/** The first name that a list of declarations has; undefined for `const {} = x`. */
function firstName(compiler: typeof ts, list: ts.VariableDeclarationList): string | undefined {
  const of = (name: ts.BindingName): string | undefined => {
    if (compiler.isIdentifier(name)) return name.text;
    for (const each of name.elements) if (!compiler.isOmittedExpression(each)) return of(each.name) ?? undefined;
    return undefined;
  };
  for (const { name } of list.declarations) {
    const found = of(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether a statement fills the enumeration or namespace that `var E;` before it declares: `(function (E) { … })(E || (E = {}))`. */
export function fills(compiler: typeof ts, statement: ts.Statement | undefined, name: string): boolean {
  if (!statement) return false;
  // the last expression of a cell is a variable's value
  const expression = compiler.isExpressionStatement(statement)
    ? statement.expression
    : compiler.isVariableStatement(statement)
      ? statement.declarationList.declarations[0].initializer
      : undefined;
  if (!expression || !compiler.isCallExpression(expression)) return false;
  const [argument] = expression.arguments;
  if (!argument || !compiler.isBinaryExpression(argument) || argument.operatorToken.kind !== compiler.SyntaxKind.BarBarToken) return false;
  const { left } = argument;
  // a name of an earlier cell is a property of `exports`, or of the notebook's object
  const named = compiler.isPropertyAccessExpression(left) ? left.name : left;
  return compiler.isIdentifier(named) && named.text === name;
}
