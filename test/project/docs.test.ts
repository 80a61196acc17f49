/** Doc comments: what the package's entries export, and every exported value of the sources, has a sentence that says what it is. */
import { readdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const ENTRIES = ["kernel-lib/index.ts", "kernel-lib/graph.ts", "kernel-lib/metrics.ts"];

const sources = ["kernel-lib", "viewer/src"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name}`),
);
const program = ts.createProgram(
  sources.map((file) => join(ROOT, file)),
  { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, target: ts.ScriptTarget.ES2022, types: [] },
);
const checker = program.getTypeChecker();

/** The exports of a source file by name; re-exports are followed. */
function exportsOf(file: string): [name: string, symbol: ts.Symbol][] {
  const source = program.getSourceFile(join(ROOT, file));
  const module = source && checker.getSymbolAtLocation(source);
  if (!module) return [];
  return checker
    .getExportsOfModule(module)
    .map((symbol) => [symbol.name, symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol]);
}

const fileOf = ({ declarations }: ts.Symbol): string => relative(ROOT, declarations?.[0].getSourceFile().fileName ?? "");
const hasSentence = (symbol: ts.Symbol): boolean => /\S+ \S+/.test(ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim());

describe("doc comments", () => {
  test.each(ENTRIES)("everything that %s exports, types too, has one", (entry) => {
    const all = exportsOf(entry);
    expect(all.length).toBeGreaterThan(2);
    const bare = all.filter(([, symbol]) => !hasSentence(symbol));
    expect(bare.map(([name, symbol]) => `${name} of ${fileOf(symbol)}`)).toEqual([]);
  });

  test("every exported function, class and constant of the sources has one", () => {
    const files = sources;
    const values = files.flatMap((file) => exportsOf(file).filter(([, { flags }]) => flags & ts.SymbolFlags.Value));
    expect(values.length).toBeGreaterThan(300);
    const bare = values.filter(([, symbol]) => !hasSentence(symbol));
    expect(bare.map(([name, symbol]) => `${name} of ${fileOf(symbol)}`)).toEqual([]);
  });
});
