/**
 * @file The import rule: which folder may import which. `node scripts/arrows.mjs` prints every import that breaks it, and every cycle.
 * Type-only imports follow the same rule, except where a row says `types`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { posix, sep } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** The folders of kernel-lib, in order: each may import itself and those before it. */
export const FOLDERS = [
  "core",
  "panorama",
  "graph",
  "engine",
  "weights",
  "text",
  "diffusion",
  "nets",
  "hub",
  "conditions",
  "pipelines",
  "methods",
  "metrics",
  "runs",
  "pages",
  "sweeps",
  "display",
  "ipynb",
  "kernel",
  "serve",
  "cli",
];
const LIBRARY = FOLDERS.slice(0, FOLDERS.indexOf("kernel"));

/** What each folder may import. @type {Record<string, { imports: readonly string[], types?: readonly string[] }>} */
const RULES = {
  ...Object.fromEntries(FOLDERS.map((name, k) => [name, { imports: FOLDERS.slice(0, k) }])),
  package: { imports: LIBRARY },
  viewer: { imports: ["panorama"], types: LIBRARY },
  // the page of two windows runs the methods themselves, on the closed-form model of the bench
  playground: { imports: ["core", "panorama", "diffusion", "methods", "viewer", "bench"] },
  bench: { imports: [] },
  models: { imports: [...LIBRARY, "package"] },
};
/** Packages that only one file may import. */
const SOLE_IMPORTERS = { "onnxruntime-node": "kernel-lib/engine/session.ts" };

/**
 * The folder whose rule a file follows: a folder of kernel-lib, "viewer" with its "playground", "models" or "bench". Files directly in kernel-lib are entries of the package
 * ("package"), except the command line's.
 * @param {string} file a path in the repository @returns {string}
 */
export function folderOf(file) {
  const [top, second, third] = file.split("/");
  if (top === "viewer" && third === "playground") return third;
  if (top !== "kernel-lib") return top;
  if (second === "cli.ts") return "cli";
  return second.endsWith(".ts") ? "package" : second;
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
 * Finds the imports that break the rule.
 * @param {Record<string, string>} sources TypeScript by its path in the repository
 * @returns {string[]}
 */
export function faults(sources) {
  /** @type {string[]} */
  const found = [];
  /** @type {Map<string, string[]>} */
  const edges = new Map();
  for (const [file, text] of Object.entries(sources)) {
    const from = folderOf(file);
    const rule = RULES[from];
    if (!rule) found.push(`${file}: "${from}" is no folder of scripts/arrows.mjs`);
    for (const { specifier, kind } of importsOf(file, text)) {
      if (!specifier.startsWith(".")) {
        const sole = Object.entries(SOLE_IMPORTERS).find(([name]) => specifier === name || specifier.startsWith(`${name}/`));
        if (sole && sole[1] !== file) found.push(`${file} imports ${specifier}, which only ${sole[1]} may`);
        if (/^veduta(\/|$)|^#/.test(specifier)) found.push(`${file} imports ${specifier}; sources import each other by relative paths`);
        continue;
      }
      const target = posix.normalize(posix.join(posix.dirname(file), specifier)).replace(/\.js$/, ".ts");
      if (!(target in sources)) {
        found.push(`${file} imports ${specifier}, and there is no ${target}`);
        continue;
      }
      edges.set(file, [...(edges.get(file) ?? []), target]);
      const to = folderOf(target);
      const allowed = [from, ...(rule?.imports ?? []), ...(kind === "type" ? (rule?.types ?? []) : [])];
      if (!allowed.includes(to)) found.push(`${file} imports ${kind === "type" ? "types of " : ""}${target}: ${from} may not import ${to}`);
    }
  }
  return [...found, ...cycles(edges)];
}

/** @param {Map<string, string[]>} edges @returns {string[]} one line for each cycle that a depth-first walk finds */
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

/** A script of the bench that the playground imports. */
const CLOSED_FORM = "bench/toy/ring-model.mjs";

/** The repository's own TypeScript, and what it imports of the bench, by path. @param {string} root @returns {Record<string, string>} */
export function readSources(root) {
  const files = ["kernel-lib", "models", "viewer/src", "bench/toy"].flatMap((folder) =>
    readdirSync(`${root}/${folder}`, { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name.split(sep).join("/")}`),
  );
  return Object.fromEntries(
    files.filter((file) => file.endsWith(".ts") || file === CLOSED_FORM).map((file) => [file, readFileSync(`${root}/${file}`, "utf8")]),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const sources = readSources(fileURLToPath(new URL("..", import.meta.url)));
  const found = faults(sources);
  for (const fault of found) console.error(fault);
  console.log(`${Object.keys(sources).length} files, ${found.length} imports against the rule`);
  process.exitCode = found.length > 0 ? 1 : 0;
}
