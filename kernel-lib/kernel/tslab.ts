/**
 * @file All that this kernel relies on within tslab, whose exact version package.json pins. tslab's converter keeps one TypeScript program, compiles a
 * cell against the declarations of the cells before, and makes CommonJS of it; its executor runs that and keeps the values. Of its internals we use:
 *
 *   dist/converter.js `createConverter`, `isCompleteCode`; dist/executor.js `createExecutor`; dist/inspect.js `printQuickInfo`.
 *   Its copy of TypeScript, @tslab/typescript-for-tslab: the converter reads `createWatchCompilerHost`, `getPreEmitDiagnosticsOfFiles` and
 *   `transpileModule` from the module's object at each call, so an heir of that object in the require cache changes the compiler's options, passes
 *   over faults and adds our own step at the end.
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
export interface Executor {
  /** whether it ran to its end */
  execute(source: string): Promise<boolean>;
  /** stops waiting */
  interrupt(): void;
  readonly locals: Record<string, unknown>;
}

export interface Tslab {
  readonly ts: typeof ts;
  readonly converter: Converter;
  createExecutor(converter: Converter, print: { error(...words: unknown[]): void }): Executor;
  isCompleteCode(source: string): { readonly completed: boolean; readonly indent?: string };
  printQuickInfo(info: ts.QuickInfo): string;
}

/**
 * Loads the compiler, for cells of the working directory. Takes seconds.
 * @param lastStep makes CommonJS of the JavaScript that TypeScript emitted, whose end is an inline source map
 * @param globals files that declare what every cell has
 */
export function loadTslab(lastStep: (ts: typeof import("typescript"), js: string) => string, globals: readonly string[]): Tslab {
  const own = tslabTypescript();
  const heir = Object.create(own, {
    __esModule: { value: true },
    createWatchCompilerHost: { enumerable: true, value: watchHost(own, globals) },
    getPreEmitDiagnosticsOfFiles: { enumerable: true, value: faults(own) },
    transpileModule: { enumerable: true, value: (js: string) => ({ outputText: lastStep(own, js) }) },
  });
  const cached = require.cache[typescript];
  if (!cached) throw new Error("tslab: its TypeScript is not in the require cache");
  cached.exports = heir;
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
 * What is wrong with a cell. (`getPreEmitDiagnosticsOfFiles` is an addition of tslab's copy.) No error in a notebook:
 *
 *   4000 to 4099, 2742   a value whose type has no name that could be written, as of `import("node:fs")`: TypeScript then writes no
 *                        declarations of the cell; the interpreter says what later ones know of it
 *   7000 to 7099         a parameter or a list whose type is not written: it is `any`
 */
const faults = (own: typeof ts) => (program: ts.Program, files: readonly ts.SourceFile[]) => {
  const all = (own as unknown as { getPreEmitDiagnosticsOfFiles(...words: unknown[]): ts.Diagnostic[] }).getPreEmitDiagnosticsOfFiles;
  return all(program, files).filter(({ code }) => !(code >= 4000 && code < 4100) && code !== 2742 && !(code >= 7000 && code < 7100));
};

/**
 * tslab's options are Node10's module resolution and its own way to have `await` at the top, which takes `await (x)` for a call. TypeScript's own way
 * is on where `disableTopLevelAwait`, an option of tslab's copy, is off; it knows `for await` too.
 */
const watchHost =
  (own: typeof ts, globals: readonly string[]) =>
  (roots: string[], options: ts.CompilerOptions, system: ts.System, ...rest: unknown[]) => {
    const { watchFile } = system;
    // Packages and declarations do not change while a notebook runs; watching hundreds of them would cost much of the start.
    system.watchFile = (path, callback, interval) =>
      /[\\/]node_modules[\\/]|(?<!__prev__)\.d\.ts$|package\.json$/.test(path) ? { close() {} } : watchFile!(path, callback, interval);
    const changed = {
      ...options,
      moduleResolution: 100, // Bundler, which reads `exports`
      disableTopLevelAwait: false,
      inlineSourceMap: true,
      strictNullChecks: true, // `while (!next.done)` tells a step from the result
      strictFunctionTypes: true,
      noImplicitAny: true, // else `[]` never takes an element; see `faults`
      types: ["node"], // of all that node_modules/@types holds
    };
    const create = own.createWatchCompilerHost as (...words: unknown[]) => unknown;
    return create([...roots, ...globals], changed, system, ...rest);
  };
