/**
 * @file All that this kernel uses of tslab, whose exact version package.json pins. tslab's converter keeps one TypeScript program, compiles a
 * cell against the declarations of the cells before, and makes CommonJS of it; its executor runs that and keeps the values. Of its internals we use:
 *
 *   dist/converter.js `createConverter`, `isCompleteCode`; dist/executor.js `createExecutor`; dist/inspect.js `printQuickInfo`.
 *   Its copy of TypeScript, @tslab/typescript-for-tslab: the converter reads `createWatchCompilerHost`, `getPreEmitDiagnosticsOfFiles` and
 *   `transpileModule` from the module's object at each call. We replace that module in the require cache with an object inheriting from it, which
 *   overrides compiler options, ignores selected diagnostics and appends our transform.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import type ts from "typescript";
import { tslabFolder, tslabTypescript, tslabTypescriptFile } from "../ipynb/tslab-typescript.js";

const require = createRequire(import.meta.url);
const folder = tslabFolder();
const typescript = tslabTypescriptFile();

interface Position {
  readonly line: number;
  readonly character: number;
}
/** A compiler error of a cell. */
export interface Diagnostic {
  readonly start: Position;
  readonly messageText: string;
  readonly code: number;
  readonly fileName?: string;
}
interface Converted {
  diagnostics: Diagnostic[];
  output?: string;
  declOutput?: string;
  hasToplevelAwait?: boolean;
  lastExpressionVar?: string;
  sideOutputs?: { readonly path: string; readonly data: string }[];
}
/** tslab's converter of cells. */
export interface Converter {
  convert(declarations: string, source: string): Converted;
  inspect(declarations: string, source: string, at: number): ts.QuickInfo | undefined;
  complete(
    declarations: string,
    source: string,
    at: number,
  ): { readonly start: number; readonly end: number; readonly candidates: string[] };
  addModule(name: string, content: string, meta?: unknown): Diagnostic[];
  close(): void;
}
/** tslab's executor of cells. */
export interface Executor {
  /** runs a cell; resolves with whether it ran to its end */
  execute(source: string): Promise<boolean>;
  /** stops waiting for the cell */
  interrupt(): void;
  readonly locals: Record<string, unknown>;
}

/** The parts of tslab that are used. */
export interface Tslab {
  readonly ts: typeof ts;
  readonly converter: Converter;
  createExecutor(converter: Converter, print: { error(...words: unknown[]): void }): Executor;
  isCompleteCode(source: string): { readonly completed: boolean; readonly indent?: string };
  printQuickInfo(info: ts.QuickInfo): string;
}

/**
 * Loads tslab's compiler for cells in the working directory. Takes seconds.
 * @param lastStep transforms the emitted JavaScript, which ends with an inline source map, into CommonJS
 * @param globals files that declare the globals of cells
 */
export function loadTslab(lastStep: (ts: typeof import("typescript"), js: string) => string, globals: readonly string[]): Tslab {
  const own = tslabTypescript();
  const patched = Object.create(own, {
    __esModule: { value: true },
    createWatchCompilerHost: { enumerable: true, value: watchHost(own, globals) },
    getPreEmitDiagnosticsOfFiles: { enumerable: true, value: faults(own) },
    transpileModule: { enumerable: true, value: (js: string) => ({ outputText: lastStep(own, js) }) },
  });
  const cached = require.cache[typescript];
  if (!cached) throw new Error("tslab: its TypeScript is not in the require cache");
  cached.exports = patched;
  const { createConverter, isCompleteCode } = require(join(folder, "dist/converter.js"));
  const { createExecutor } = require(join(folder, "dist/executor.js"));
  const { printQuickInfo } = require(join(folder, "dist/inspect.js"));
  return {
    ts: own,
    converter: createConverter({ isJS: false, isBrowser: false }),
    createExecutor: (node, print) => createExecutor(process.cwd(), { node, browser: node, close: node.close }, { log() {}, ...print }),
    isCompleteCode,
    printQuickInfo,
  };
}

/**
 * The compiler errors of a cell. (`getPreEmitDiagnosticsOfFiles` is an addition of tslab's copy.) These are ignored in a notebook:
 *
 *   4000 to 4099, 2742   a value whose type cannot be written, as of `import("node:fs")`: TypeScript then emits no declarations of the cell,
 *                        and the interpreter makes them
 *   7000 to 7099         a parameter or a list without a type: it is `any`
 */
const faults = (own: typeof ts) => (program: ts.Program, files: readonly ts.SourceFile[]) => {
  const all = (own as unknown as { getPreEmitDiagnosticsOfFiles(...words: unknown[]): ts.Diagnostic[] }).getPreEmitDiagnosticsOfFiles;
  return all(program, files).filter(({ code }) => !(code >= 4000 && code < 4100) && code !== 2742 && !(code >= 7000 && code < 7100));
};

/**
 * tslab uses Node10's module resolution and its own top-level `await`, which parses `await (x)` as a call. With `disableTopLevelAwait: false`, an
 * option of tslab's copy, TypeScript's own top-level `await` is used, which also supports `for await`.
 */
const watchHost =
  (own: typeof ts, globals: readonly string[]) =>
  (roots: string[], options: ts.CompilerOptions, system: ts.System, ...rest: unknown[]) => {
    const { watchFile } = system;
    // Packages and declarations do not change while a notebook runs, and watching hundreds of them would slow the start.
    system.watchFile = (path, callback, interval) =>
      /[\\/]node_modules[\\/]|(?<!__prev__)\.d\.ts$|package\.json$/.test(path) ? { close() {} } : watchFile!(path, callback, interval);
    const changed = {
      ...options,
      moduleResolution: 100, // Bundler, which reads `exports`
      disableTopLevelAwait: false,
      inlineSourceMap: true,
      strictNullChecks: true, // so that `while (!next.done)` narrows an iterator's step from its result
      strictFunctionTypes: true,
      noImplicitAny: true, // else `[]` is never[]; see `faults`
      types: ["node"], // not all of node_modules/@types
    };
    const create = own.createWatchCompilerHost as (...words: unknown[]) => unknown;
    return create([...roots, ...globals], changed, system, ...rest);
  };
