/**
 * @file The import arrows: who may import whom. `node scripts/arrows.mjs` prints every import that goes against them, and every cycle.
 * Type-only imports follow the same arrows, except where a row says `types`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { posix, sep } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** Layers in the order of their arrows; each may import itself and what its row names. A name that ends in .ts is one file. */
const BELOW_MODEL = ["core", "graph", "checkpoint", "nets", "diffusion", "joint", "metrics", "notebook"];
/** @type {Record<string, { imports: readonly string[], types?: readonly string[] }>} */
const LAYERS = {
  core: { imports: [] },
  graph: { imports: ["core"] },
  checkpoint: { imports: ["core"] },
  nets: { imports: ["graph", "checkpoint", "core"] },
  diffusion: { imports: ["core"] },
  joint: { imports: ["diffusion", "core"] },
  metrics: { imports: ["core"] },
  notebook: { imports: ["core"], types: ["joint"] },
  model: { imports: BELOW_MODEL },
  run: { imports: [...BELOW_MODEL, "model"] },
  fabricate: { imports: ["nets", "graph", "checkpoint", "core"] },
  index: { imports: [...BELOW_MODEL, "model", "run", "fabricate"] },
  kernel: { imports: [...BELOW_MODEL, "model", "run", "index"] },
  cli: { imports: [...BELOW_MODEL, "model", "run", "fabricate", "index", "kernel"] },
  viewer: { imports: [], types: [...BELOW_MODEL, "run"] },
  models: { imports: [...BELOW_MODEL, "model", "run", "index"] },
};
/** Packages that one file alone may import. */
const SOLE_IMPORTERS = { "onnxruntime-node": "kernel-lib/graph/session.ts" };

/** @param {string} file a path in the repository @returns {string | undefined} its layer */
export function layerOf(file) {
  const [top, second] = file.split("/");
  if (top !== "kernel-lib") return top;
  return second.endsWith(".ts") ? second.replace(/(-\w+)*\.ts$/, "") : second; // run-folder.ts is of run
}

/**
 * @typedef {{ specifier: string, kind: "value" | "type" }} Import
 * @param {string} file
 * @param {string} text
 * @returns {Import[]}
 */
export function importsOf(file, text) {
  /** @type {Import[]} */
  const found = [];
  /** @param {ts.Node | undefined} node @param {boolean} [erased] */
  const add = (node, erased) => {
    if (node && ts.isStringLiteralLike(node)) found.push({ specifier: node.text, kind: erased ? "type" : "value" });
  };
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isImportDeclaration(node))
      add(node.moduleSpecifier, node.importClause?.isTypeOnly || onlyTypes(node.importClause?.namedBindings));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly || onlyTypes(node.exportClause));
    else if (ts.isImportTypeNode(node)) add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0]);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true));
  return found;
}

/** @param {ts.NamedImportBindings | ts.NamedExportBindings | undefined} bindings */
const onlyTypes = (bindings) =>
  bindings !== undefined &&
  (ts.isNamedImports(bindings) || ts.isNamedExports(bindings)) &&
  bindings.elements.length > 0 &&
  bindings.elements.every((e) => e.isTypeOnly);

/**
 * What goes against the arrows.
 * @param {Record<string, string>} sources TypeScript by its path in the repository
 * @returns {string[]}
 */
export function faults(sources) {
  /** @type {string[]} */
  const found = [];
  /** @type {Map<string, string[]>} */
  const edges = new Map();
  for (const [file, text] of Object.entries(sources)) {
    const layer = layerOf(file) ?? "";
    const row = LAYERS[layer];
    if (!row) found.push(`${file}: "${layer}" is no layer of scripts/arrows.mjs`);
    for (const { specifier, kind } of importsOf(file, text)) {
      if (!specifier.startsWith(".")) {
        const sole = Object.entries(SOLE_IMPORTERS).find(([name]) => specifier === name || specifier.startsWith(`${name}/`));
        if (sole && sole[1] !== file) found.push(`${file} imports ${specifier}, which only ${sole[1]} may`);
        if (specifier === "veduta" || specifier.startsWith("#"))
          found.push(`${file} imports ${specifier}; sources import each other by relative paths`);
        continue;
      }
      const target = posix.normalize(posix.join(posix.dirname(file), specifier)).replace(/\.js$/, ".ts");
      if (!(target in sources)) {
        found.push(`${file} imports ${specifier}, and there is no ${target}`);
        continue;
      }
      edges.set(file, [...(edges.get(file) ?? []), target]);
      const to = layerOf(target) ?? "";
      const allowed = [layer, ...(row?.imports ?? []), ...(kind === "type" ? (row?.types ?? []) : [])];
      if (!allowed.includes(to))
        found.push(`${file} imports ${kind === "type" ? "types of " : ""}${target}: no arrow leads from ${layer} to ${to}`);
    }
  }
  return [...found, ...cycles(edges)];
}

/** @param {Map<string, string[]>} edges @returns {string[]} a line for each cycle that a depth-first walk closes */
function cycles(edges) {
  /** @type {string[]} */
  const found = [];
  const done = new Set();
  /** @param {string} file @param {string[]} path */
  const walk = (file, path) => {
    const at = path.indexOf(file);
    if (at >= 0) return void found.push(`a cycle of imports: ${[...path.slice(at), file].join(" -> ")}`);
    if (done.has(file)) return;
    for (const next of edges.get(file) ?? []) walk(next, [...path, file]);
    done.add(file);
  };
  for (const file of edges.keys()) walk(file, []);
  return found;
}

/** The repository's own TypeScript, by path. @param {string} root @returns {Record<string, string>} */
export function readSources(root) {
  const files = ["kernel-lib", "models", "viewer/src"].flatMap((folder) =>
    readdirSync(`${root}/${folder}`, { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name.split(sep).join("/")}`),
  );
  return Object.fromEntries(files.filter((file) => file.endsWith(".ts")).map((file) => [file, readFileSync(`${root}/${file}`, "utf8")]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const sources = readSources(fileURLToPath(new URL("..", import.meta.url)));
  const found = faults(sources);
  for (const fault of found) console.error(fault);
  console.log(`${Object.keys(sources).length} files, ${found.length} imports against the arrows`);
  process.exitCode = found.length > 0 ? 1 : 0;
}
