/**
 * @file The compiler as tslab's converter expects it: TypeScript, with the five functions that tslab's own copy of an older version adds, and with a
 * cell's compiler options.
 */
import { dirname, join } from "node:path";
import type ts from "typescript";
import { typesOfOwnPackage } from "./own-package.js";

/** What the compiler has besides what its types say. */
interface Internals {
  readonly nullTransformationContext: ts.TransformationContext;
  getTouchingPropertyName(file: ts.SourceFile, at: number): ts.Node;
  readonly Completions: { getCompletionsAtPosition(...words: unknown[]): ts.CompletionInfo | undefined };
  readonly SymbolDisplay: {
    getSymbolKind(checker: ts.TypeChecker, symbol: ts.Symbol, node: ts.Node): ts.ScriptElementKind;
    getSymbolModifiers(checker: ts.TypeChecker, symbol: ts.Symbol): string;
    getSymbolDisplayPartsDocumentationAndSymbolKind(
      checker: ts.TypeChecker,
      symbol: ts.Symbol,
      file: ts.SourceFile,
      enclosing: ts.Node | undefined,
      node: ts.Node,
    ): {
      readonly symbolKind: ts.ScriptElementKind;
      readonly displayParts: ts.SymbolDisplayPart[];
      readonly documentation: ts.SymbolDisplayPart[];
      readonly tags: ts.JSDocTagInfo[] | undefined;
    };
  };
}

/**
 * Makes the compiler of tslab's converter.
 * @param emitted transforms the JavaScript of a cell, which ends with an inline source map, into CommonJS
 * @param globals files that declare the globals of cells
 */
export function tslabCompiler(own: typeof ts, emitted: (js: string) => string, globals: readonly string[]): typeof ts {
  const internals = own as unknown as Internals;
  const added = {
    __esModule: true,
    createWatchCompilerHost: watchHost(own, globals),
    // of a cell that is a module
    getPreEmitDiagnostics: (program: ts.Program, file: ts.SourceFile) => faults(program, file),
    getPreEmitDiagnosticsOfFiles: (program: ts.Program, files: readonly ts.SourceFile[]) => files.flatMap((file) => faults(program, file)),
    transpileModule: (js: string) => ({ outputText: emitted(js) }),
    getNullTransformationContext: () => internals.nullTransformationContext,
    getDefaultTypeRoots: (folder: string, { directoryExists }: { directoryExists(path: string): boolean }) =>
      ancestors(folder)
        .map((each) => join(each, "node_modules/@types"))
        .filter(directoryExists),
    getQuickInfoAtPosition: (file: ts.SourceFile, checker: ts.TypeChecker, _: unknown, at: number) =>
      quickInfo(own, internals, checker, file, at),
    Completions: {
      ...internals.Completions,
      // tslab gives an empty host
      getCompletionsAtPositionForTslab: (_: object, program: ts.Program, ...words: unknown[]) =>
        internals.Completions.getCompletionsAtPosition(
          { getCompilationSettings: () => program.getCompilerOptions() },
          program,
          ...words,
          undefined,
        ),
    },
  };
  const descriptors = Object.fromEntries(Object.entries(added).map(([name, value]) => [name, { enumerable: true, value }]));
  return Object.create(own, descriptors) as typeof ts;
}

/** A folder and all that it lies in. */
function ancestors(folder: string): string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...ancestors(above)];
}

/**
 * The compiler errors of a cell. These are ignored in a notebook:
 *
 *   4000 to 4099, 2742   a value whose type cannot be written, as of `import("node:fs")`: TypeScript then emits no declarations of the cell,
 *                        and the interpreter makes them
 *   7000 to 7099         a parameter or a list without a type: it is `any`
 *   2304, 2552 at `__global`   see GLOBAL
 *   1501 at `v`          a flag of regular expressions that Node 20 has, and that the target ES2022 has not
 */
function faults(program: ts.Program, file: ts.SourceFile): readonly ts.Diagnostic[] {
  const syntax = program.getSyntacticDiagnostics(file);
  if (UNCHECKED.test(file.text)) return syntax;
  return [...syntax, ...program.getSemanticDiagnostics(file), ...program.getDeclarationDiagnostics(file)].filter(
    ({ code, start, length }) => {
      const at = file.text.slice(start, (start ?? 0) + (length ?? 0));
      if (code === 1501 && at === "v") return false;
      if ((code === 2304 || code === 2552) && at === GLOBAL) return false;
      return !(code >= 4000 && code < 4100) && code !== 2742 && !(code >= 7000 && code < 7100);
    },
  );
}

/** What the binder calls `declare global`; tslab takes it for a name of the cell, and exports it. */
const GLOBAL = "__global";

/** A cell that begins with `// @ts-nocheck`; tslab writes a line before it. */
const UNCHECKED = /^(export \{\};\s*)?(\/\/.*\n\s*)*\/\/\s*@ts-nocheck\b/;

/** Standard libraries of cells: what Node 20 has. */
const LIBRARIES = ["es2023", "esnext.disposable", "esnext.decorators", "es2024.string", "es2024.regexp", "es2024.sharedmemory"];

/** tslab asks for Node10's module resolution and the decorators of TypeScript's experiment; these options replace its own. */
const watchHost =
  (own: typeof ts, globals: readonly string[]) =>
  (roots: string[], options: ts.CompilerOptions, system: ts.System, ...rest: unknown[]) => {
    const { watchFile } = system;
    // Packages and declarations do not change while a notebook runs, and watching hundreds of them would slow the start.
    system.watchFile = (path, callback, interval) =>
      /[\\/]node_modules[\\/]|(?<!__prev__)\.d\.ts$|package\.json$/.test(path) ? { close() {} } : watchFile!(path, callback, interval);
    const { noImplicitUseStrict: _, experimentalDecorators: __, ...kept } = options;
    const changed: ts.CompilerOptions = {
      ...kept,
      lib: LIBRARIES.map((name) => `lib.${name}.d.ts`),
      moduleResolution: own.ModuleResolutionKind.Bundler, // which reads `exports`
      inlineSourceMap: true,
      strictNullChecks: true, // so that `while (!next.done)` narrows an iterator's step from its result
      strictFunctionTypes: true,
      noImplicitAny: true, // else `[]` is never[]; see `faults`
      types: ["node"], // not all of node_modules/@types
    };
    const create = own.createWatchCompilerHost as (...words: unknown[]) => unknown;
    const host = create([...roots, ...globals], changed, system, ...rest) as ts.WatchCompilerHost<never>;
    typesOfOwnPackage(own, host, changed);
    return host;
  };

/** What is known of the name at a place: its kind, its type and its documentation. */
function quickInfo(
  own: typeof ts,
  { getTouchingPropertyName, SymbolDisplay }: Internals,
  checker: ts.TypeChecker,
  file: ts.SourceFile,
  at: number,
): ts.QuickInfo | undefined {
  const node = getTouchingPropertyName(file, at);
  const symbol = node === file ? undefined : checker.getSymbolAtLocation(node);
  if (!symbol) return undefined;
  const container = own.findAncestor(node.parent, (each) => own.isFunctionLike(each) || own.isClassLike(each) || own.isSourceFile(each));
  const { symbolKind, ...words } = SymbolDisplay.getSymbolDisplayPartsDocumentationAndSymbolKind(checker, symbol, file, container, node);
  return {
    kind: symbolKind,
    kindModifiers: SymbolDisplay.getSymbolModifiers(checker, symbol),
    textSpan: { start: node.getStart(file), length: node.getWidth(file) },
    ...words,
  };
}
