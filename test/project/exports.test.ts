/** The package's entries: what they export, and that every type which an exported signature names is exported beside it. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const { exports: entries } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  exports: Record<string, { types: string; default: string }>;
};
const ENTRIES = Object.entries(entries).filter(([name]) => name !== "./package.json");
const program = ts.createProgram(
  ENTRIES.map(([, { types }]) => join(ROOT, types)),
  {
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    skipLibCheck: true,
  },
);
const checker = program.getTypeChecker();
const original = (symbol: ts.Symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);

/** What an entry exports, by name, links followed. */
function exported(types: string): ReadonlyMap<string, ts.Symbol> {
  const file = program.getSourceFile(join(ROOT, types));
  const symbol = file && checker.getSymbolAtLocation(file);
  if (!symbol) throw new Error(`${types} is no module; run npm run build`);
  return new Map(checker.getExportsOfModule(symbol).map((one) => [one.name, original(one)]));
}

/** The project's own types that a declaration names. */
function named(symbol: ts.Symbol): ts.Symbol[] {
  const found: ts.Symbol[] = [];
  const visit = (node: ts.Node): void => {
    const isPrivate = ts.isClassElement(node) && ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private;
    if (isPrivate) return;
    const name = ts.isTypeReferenceNode(node) ? node.typeName : ts.isExpressionWithTypeArguments(node) ? node.expression : undefined;
    const target = name && checker.getSymbolAtLocation(name);
    if (target) found.push(original(target));
    ts.forEachChild(node, visit);
  };
  for (const declaration of symbol.declarations ?? []) visit(declaration);
  return found.filter(({ flags, declarations = [] }) => {
    const ours = declarations.some((node) => node.getSourceFile().fileName.includes("/dist/kernel-lib/"));
    return ours && !(flags & ts.SymbolFlags.TypeParameter);
  });
}

describe("the package's entries", () => {
  test("are veduta, veduta/graph and veduta/metrics", () => {
    expect(ENTRIES.map(([name]) => name)).toEqual([".", "./graph", "./metrics"]);
  });

  test.each(ENTRIES)("%s exports every type of ours that its signatures name", (_, { types }) => {
    const all = exported(types);
    const known = new Set(all.values());
    const missing = [...all].flatMap(([name, symbol]) =>
      named(symbol).flatMap((type) => (known.has(type) ? [] : [`${type.name}, of ${name}`])),
    );
    expect([...new Set(missing)]).toEqual([]);
  });

  test.each(ENTRIES)("%s has at run time what its types say", async (_, { types, default: file }) => {
    const values = [...exported(types)].filter(([, { flags }]) => flags & ts.SymbolFlags.Value).map(([name]) => name);
    expect(Object.keys(await import(join(ROOT, file))).sort()).toEqual(values.sort());
  });

  test("veduta has no name of veduta/graph but those that both need", () => {
    const [root, graph] = [exported(entries["."].types), exported(entries["./graph"].types)];
    expect([...graph.keys()].filter((name) => root.has(name)).sort()).toEqual([
      "Device",
      "DeviceTensor",
      "Edge",
      "JsonObject",
      "Precision",
      "Shape",
      "Tensor",
    ]);
  });
});
