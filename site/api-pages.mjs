/**
 * @file The API reference: typedoc's Markdown of everything that the entries export, gathered to one page for each group of `kernel-lib/index.ts`, whose
 * comments name the groups, and one page each for `veduta/graph` and `veduta/metrics`.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import ts from "typescript";
import { allMethods } from "#kernel-lib/methods/methods.js";
import { ROOT } from "../scripts/paths.mjs";
import { slugOf } from "./markdown.mjs";

/** @typedef {{ readonly name: string, readonly title: string, readonly entry: Entry, readonly symbols: readonly string[] }} ApiPage */
/** @typedef {"index" | "graph" | "metrics"} Entry */

const read = (/** @type {string} */ path) => readFileSync(join(ROOT, path), "utf8");
const capital = (/** @type {string} */ text) => text[0].toUpperCase() + text.slice(1);
const slug = (/** @type {string} */ text) =>
  text
    .toLowerCase()
    .replace(/[^a-z]+/g, "-")
    .replace(/^-|-$/g, "");

/** What an entry exports, with the comment above each group. @param {string} file @returns {{ title: string, symbols: string[] }[]} */
function groupsOf(file) {
  const text = read(file);
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  /** @type {{ title: string, symbols: string[] }[]} */
  const groups = [];
  for (const statement of source.statements) {
    if (!ts.isExportDeclaration(statement) || !statement.exportClause || !ts.isNamedExports(statement.exportClause)) continue;
    const above = text.slice(statement.getFullStart(), statement.getStart(source));
    const title = [...above.matchAll(/^\/\/ (?!biome-ignore)(.+)$/gm)].at(-1)?.[1];
    if (title || groups.length === 0) groups.push({ title: title ?? "", symbols: [] });
    groups.at(-1)?.symbols.push(...statement.exportClause.elements.map(({ name }) => name.text));
  }
  return groups;
}

/** @type {readonly ApiPage[]} */
const GROUPS = groupsOf("kernel-lib/index.ts").map(({ title, symbols }) => ({
  name: slug(title),
  title: capital(title),
  entry: "index",
  symbols,
}));

/** The pages of the reference, its first one at `api/index`. @type {readonly ApiPage[]} */
export const API_PAGES = [
  { name: "index", title: "All names", entry: "index", symbols: [] },
  ...GROUPS,
  .../** @type {const} */ (["graph", "metrics"]).map((entry) => ({
    name: entry,
    title: `veduta/${entry}`,
    entry,
    symbols: groupsOf(`kernel-lib/${entry}.ts`).flatMap(({ symbols }) => symbols),
  })),
];

const CACHE = join(ROOT, ".work/docs-api");

/** Hashes what typedoc reads. */
function digest() {
  const hash = createHash("sha256").update(read("package-lock.json")).update(read("site/api-pages.mjs"));
  const files = readdirSync(join(ROOT, "kernel-lib"), { recursive: true, encoding: "utf8" });
  for (const name of files.filter((file) => file.endsWith(".ts")).sort()) hash.update(`${name}\0`).update(read(`kernel-lib/${name}`));
  return hash.digest("hex");
}

/** Runs typedoc, unless the sources are those of its last run. */
export async function writeApi() {
  const stamp = join(CACHE, ".sources");
  const now = digest();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === now) return;
  const { Application } = await import("typedoc");
  rmSync(CACHE, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  const app = await Application.bootstrapWithPlugins(
    /** @type {import("typedoc").TypeDocOptions & import("typedoc-plugin-markdown").PluginOptions} */ ({
      entryPoints: ["index", "graph", "metrics"].map((name) => join(ROOT, `kernel-lib/${name}.ts`)),
      out: CACHE, // whatever writes, it is not docs/
      tsconfig: join(ROOT, "tsconfig.json"),
      plugin: ["typedoc-plugin-markdown"],
      skipErrorChecking: true, // the build has checked the types
      disableSources: true,
      disableGit: true,
      readme: "none",
      blockTags: ["@source", "@param", "@returns", "@throws", "@typeParam", "@file", "@example"],
      hidePageHeader: true,
      hidePageTitle: true,
      hideBreadcrumbs: true,
      useCodeBlocks: true,
      parametersFormat: "table",
      interfacePropertiesFormat: "table",
      classPropertiesFormat: "table",
      typeAliasPropertiesFormat: "table",
      typeDeclarationFormat: "table",
      tableColumnSettings: { hideInherited: true, hideOverrides: true, hideModifiers: true, hideSources: true },
      logLevel: "Error",
    }),
  );
  const project = await app.convert();
  if (!project) throw new Error("typedoc found nothing to document");
  await app.outputs.writeOutput({ name: "markdown", path: CACHE }, project); // not generateOutputs, which would empty docs/
  writeFileSync(stamp, now);
}

/** Where typedoc wrote each name. @returns {Map<string, string>} from "index/Tensor" to "index/interfaces/Tensor.md" */
function written() {
  const files = readdirSync(CACHE, { recursive: true, encoding: "utf8" }).map((name) => name.replaceAll("\\", "/"));
  return new Map(
    files
      .filter((name) => /^\w+\/[\w-]+\/[\w$-]+\.md$/.test(name))
      .map((name) => [`${name.split("/")[0]}/${posix.basename(name, ".md")}`, name]),
  );
}

/** Methods by the name of the function that runs them. @returns {Promise<Map<string, string>>} from "syncDiffusion" to "sync" */
export async function methodFunctions() {
  const veduta = /** @type {Record<string, unknown>} */ (await import("veduta"));
  const methods = [...allMethods(), ...allMethods("edit"), ...allMethods("pyramid")];
  const names = Object.keys(veduta);
  return new Map(methods.flatMap(({ name, run }) => names.filter((each) => veduta[each] === run).map((each) => [each, name])));
}

/**
 * The Markdown of each page of the reference. Links to names lead to `site:api/PAGE.html#NAME`.
 * @returns {Promise<Map<string, string>>}
 */
export async function apiMarkdown() {
  const files = written();
  const functions = await methodFunctions();
  /** @type {Map<string, string>} */
  const places = new Map();
  for (const { name, entry, symbols } of API_PAGES)
    for (const symbol of symbols) {
      const file = files.get(`${entry}/${symbol}`);
      if (file) places.set(file, `${name}.html#${symbol}`);
    }
  const pages = new Map();
  for (const { name, title, entry, symbols } of API_PAGES.slice(1)) {
    const parts = symbols.map((symbol) => {
      const file = files.get(`${entry}/${symbol}`);
      return `## ${symbol}\n\n${file ? symbolText(file, symbol, places, functions.get(symbol)) : ""}`;
    });
    const from = `import { … } from "${entry === "index" ? "veduta" : `veduta/${entry}`}";`;
    pages.set(name, `# ${title}\n\n\`\`\`ts\n${from}\n\`\`\`\n\n${parts.join("\n\n")}\n`);
  }
  pages.set("index", indexText());
  return pages;
}

/** One name's text. @param {string} file @param {string} symbol @param {ReadonlyMap<string, string>} places @param {string | undefined} method */
function symbolText(file, symbol, places, method) {
  const lines = read(`.work/docs-api/${file}`)
    .replace(/^(\[[^\]\n]*\]): /gm, "\\$1: ") // a shape before a colon is no definition of a link
    .replace(/^#+ (?:Inherited from|Overrides|Implementation of)\n\n.*\n?/gm, "")
    .replace(/^#+ (.*)$/gm, (_, words) =>
      /\)$/.test(words) ? `<a id="${symbol}-${slugOf(words)}"></a>\n\n**\`${words.trim().replaceAll("\\", "")}\`**` : `**${words.trim()}**`,
    )
    .replace(/<a id="([^"]*)"><\/a> /g, (_, id) => `<a id="${symbol}-${id}"></a>`)
    .replace(/^\*\*\*$/gm, "")
    .replace(/\| - (?=\|)/g, "| ")
    .replace(/(?<=\*\*Throws\*\*\n\n[^\n]*\n\n)\*\*Throws\*\*\n\n/g, ""); // one heading for all
  const linked = lines.replace(/\]\(([^)\s]+\.md)(#[\w-]+)?\)/g, (_, to, id) => {
    const target = posix.normalize(posix.join(posix.dirname(file), to));
    const place = places.get(target);
    return place ? `](site:api/${id ? `${place}-${id.slice(1)}` : place})` : "](site:api/index.html)";
  });
  return method ? methodText(linked, method) : linked;
}

/** A method's function: its options are those of its page, and what typedoc took from `Method.run` goes. @param {string} text @param {string} method */
const methodText = (text, method) =>
  text
    .replace(/ = [\w.]+\.run;/, ";")
    .replace("Starts a run.\n\n", "")
    .replace(/^\| `options` \|.*$/m, `| \`options\` | those of [${method}](site:methods/${method}.html#options) |`)
    .replace(/: the algorithm is at `\w+`, above/, `: [the algorithm](site:methods/${method}.html)`)
    .replace(/\*\*Throws\*\*\n\n[^\n]*\n\n(?=\*\*(Param|Returns)\*\*)/, "")
    .replace(/\*\*Param\*\*\n\n\*\*model\*\*\n\n[^\n]*\n\n\*\*Returns\*\*\n\n/, "");

/** The first page: every name by group. */
function indexText() {
  const list = API_PAGES.slice(1).map(({ name, title, symbols }) => {
    const names = symbols.map((symbol) => `[\`${symbol}\`](site:api/${name}.html#${symbol})`).join(" · ");
    return `## [${title}](site:api/${name}.html)\n\n${names}`;
  });
  return `# API reference\n\nEverything that \`veduta\`, \`veduta/graph\` and \`veduta/metrics\` export, in the order of the lessons. What to call for what is in [Library](library.md).\n\n${list.join("\n\n")}\n`;
}
