/**
 * @file All that this kernel uses of tslab, whose exact version package.json pins. tslab's converter keeps one TypeScript program, compiles a
 * cell against the declarations of the cells before, and makes CommonJS of it; its executor runs that and keeps the values. Of its internals we use:
 *
 *   dist/converter.js `createConverter`, `isCompleteCode`; dist/executor.js `createExecutor`; dist/inspect.js `printQuickInfo`.
 *   Its copy of TypeScript, @tslab/typescript-for-tslab, is older: we put the present one in its place in the require cache (tslab-compiler.ts).
 */
import Module, { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type ts from "typescript";
import { cellTypescript } from "../ipynb/cell-typescript.js";
import { tslabCompiler } from "./tslab-compiler.js";

const require = createRequire(import.meta.url);
const folder = dirname(require.resolve("tslab/package.json"));

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
  const own = cellTypescript();
  const file = createRequire(join(folder, "package.json")).resolve("@tslab/typescript-for-tslab");
  const stand = new Module(file);
  stand.exports = tslabCompiler(own, (js) => lastStep(own, js), globals);
  stand.loaded = true;
  require.cache[file] = stand;
  const { createConverter, isCompleteCode } = require(join(folder, "dist/converter.js"));
  const { createExecutor } = require(join(folder, "dist/executor.js"));
  const { printQuickInfo } = require(join(folder, "dist/inspect.js"));
  return {
    ts: own,
    converter: createConverter({ isJS: false, isBrowser: false }),
    createExecutor(node, print) {
      const executor = createExecutor(process.cwd(), { node, browser: node, close: node.close }, { log() {}, ...print });
      return { ...executor, locals: ownNames() };
    },
    isCompleteCode,
    printQuickInfo,
  };
}

/**
 * Puts an object of our own in place of the executor's `exports`, a proxy that would make every use of a name slow: cells read and write the object
 * itself, `__tslab__.names`. Only what the compiler defines for imports goes through a proxy, as a value rather than as a getter that stays.
 */
function ownNames(): Record<string, unknown> {
  const names: Record<string, unknown> = {};
  const exports = new Proxy(names, {
    defineProperty(_, name, { get, value }) {
      if (name !== "__esModule") names[String(name)] = get ? get() : value;
      return true;
    },
  });
  Object.assign((globalThis as unknown as { __tslab__: object }).__tslab__, { exports, names });
  return names;
}
