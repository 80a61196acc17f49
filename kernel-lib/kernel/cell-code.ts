/**
 * @file Transforms the JavaScript that TypeScript emitted for a cell into CommonJS. The stop button can end every `await`, and source positions map
 * back to the cell.
 */
import { SourceMap } from "node:module";
import type ts from "typescript";
import { declaredNames, transformCell } from "./cell-transform.js";
import { NOTEBOOK } from "./live-scope.js";

/** The name of `CellRuntime` in a cell's code. */
const RUNTIME = "__veduta_cell__";
const PRELUDE = `const ${RUNTIME} = globalThis[Symbol.for("veduta.cell")], ${NOTEBOOK} = globalThis.__tslab__.names;\n`;

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

/** Whether JavaScript with this source map is a cell's, not that of a module which a cell imports. */
const isCell = (map: string | undefined): boolean => map !== undefined && /"sources":\["[^"]*__tslab__\.ts"\]/.test(map);

/** Transforms a cell's code. @param js ends with an inline source map @param earlier the names of earlier cells @param last see `CellNames` */
export function cellCode(compiler: typeof ts, js: string, earlier: ReadonlySet<string>, last?: string): CellCode {
  const inline = INLINE_MAP.exec(js);
  const map = inline ? Buffer.from(inline[1], "base64").toString() : undefined;
  let names: ReadonlySet<string> = new Set();
  let asynchronous = false;
  const before: ts.TransformerFactory<ts.SourceFile> = (context) => (file) => {
    const { all, own } = declaredNames(compiler, file);
    names = all;
    const transformed = transformCell(compiler, context, file, {
      runtime: RUNTIME,
      ...(isCell(map) ? { names: { own, earlier }, last } : {}),
    });
    asynchronous = transformed.asynchronous;
    return transformed.file;
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
  const maps = [sourceMapText, map].map((text) => (text ? new SourceMap(JSON.parse(text)) : undefined));
  // TypeScript first sets every import to undefined, which would erase an earlier cell's value of the same name.
  const code =
    PRELUDE +
    outputText
      .replace(/^"use strict";$/m, "")
      .replace(/^(exports\.[\w$]+ = )+void 0;$/m, "")
      .replace(/\n\/\/# sourceMappingURL=\S*\s*$/, "\n");
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
