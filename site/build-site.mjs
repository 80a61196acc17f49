/** @file Makes the site: every page of the outline, the files that they link to, the search index, the style and the scripts. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { escapeHtml } from "#kernel-lib/pages/html.js";
import { ROOT, StepError } from "../scripts/paths.mjs";
import { apiMarkdown, writeApi } from "./api-pages.mjs";
import { homePage } from "./home.mjs";
import { layout } from "./layout.mjs";
import { codeBlock, renderMarkdown } from "./markdown.mjs";
import { methodMarkdowns } from "./method-pages.mjs";
import { addressOf, HOME, OUTLINE } from "./outline.mjs";
import { linkKeeper } from "./site-links.mjs";
import { siteStyle } from "./style.mjs";

/** Where the site lies. */
export const SITE = join(ROOT, ".work/docs");

/** @typedef {import("./layout.mjs").PageParts} PageParts */
/** @typedef {{ readonly u: string, readonly t: string, readonly h: string, readonly x: string, readonly g: string }} SearchEntry address, page, heading, text, section */

/**
 * Builds the site.
 * @param {string} [out] a folder of its own; what is in it is removed
 * @returns {Promise<{ pages: number, out: string }>}
 * @throws StepError for links that lead nowhere, with each of them
 */
export async function buildSite(out = SITE) {
  await writeApi();
  const [methods, api] = [await methodMarkdowns(), await apiMarkdown()];
  const entries = OUTLINE.flatMap(({ title: section, entries }) => entries.map((entry) => ({ ...entry, section })));
  const keeper = linkKeeper(new Set(entries.map(({ page }) => page)));
  rmSync(out, { recursive: true, force: true });
  const write = (/** @type {string} */ address, /** @type {string} */ text) => {
    const file = join(out, address);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  /** @type {Map<string, Set<string>>} ids by address */
  const ids = new Map();
  /** @type {SearchEntry[]} */
  const index = [];
  const finish = (/** @type {PageParts} */ parts) => {
    const text = layout(parts);
    ids.set(parts.address, new Set([...text.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id)));
    write(parts.address, text);
  };
  for (const { page, title, section } of entries) {
    const address = addressOf(page);
    const { source, from } = sourceOf(page, methods, api);
    const rendered = renderMarkdown(source, {
      ...keeper.linksOf(from, address),
      math: page.endsWith(".ipynb") ? "tex" : "no tex",
      ids: page.startsWith("api/") ? "as written" : "github",
    });
    const name = rendered.headings.find(({ depth }) => depth === 1)?.text ?? title;
    const width = page.startsWith("methods/") ? "wide" : "text";
    finish(page === HOME ? homePage(rendered, address) : { address, title: name, body: rendered.html, headings: rendered.headings, width });
    for (const { heading, text } of rendered.parts)
      index.push({
        u: heading && heading.depth > 1 ? `${address}#${heading.id}` : address,
        t: name,
        h: heading?.depth === 1 ? "" : (heading?.text ?? ""),
        x: text,
        g: section,
      });
  }
  for (const path of keeper.files) finish(filePage(path, keeper));
  for (const [path, address] of keeper.pictures) {
    mkdirSync(dirname(join(out, address)), { recursive: true });
    copyFileSync(join(ROOT, path), join(out, address));
  }
  write("site.css", siteStyle());
  write("search-index.js", `VEDUTA_SEARCH=${JSON.stringify(index)};`);
  await build({
    entryPoints: [fileURLToPath(new URL("client/main.ts", import.meta.url))],
    outfile: join(out, "site.js"),
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    legalComments: "inline",
    logLevel: "warning",
  });
  copyFileSync(join(ROOT, "dist/viewer/veduta-viewer.js"), join(out, "veduta-viewer.js"));
  write(".nojekyll", ""); // GitHub Pages serves every file as it is
  expectNoDeadLinks(keeper, ids);
  return { pages: ids.size, out };
}

/** A page's Markdown, and the path from which its links lead. @param {string} page @param {ReadonlyMap<string, string>} methods @param {ReadonlyMap<string, string>} api */
function sourceOf(page, methods, api) {
  const [kind, name] = page.split("/");
  if (kind === "methods") return { source: methods.get(name) ?? "", from: "docs/methods.md" };
  if (kind === "api") return { source: api.get(name) ?? "", from: "docs/api.md" };
  const text = readFileSync(join(ROOT, page), "utf8");
  return { source: page.endsWith(".ipynb") ? notebookMarkdown(text, page) : text, from: page };
}

/** A lesson as Markdown: its text and its code. @param {string} text @param {string} page */
function notebookMarkdown(text, page) {
  const { cells } = JSON.parse(text);
  const parts = cells.map((/** @type {{ cell_type: string, source: string | string[] }} */ { cell_type, source }) => {
    const written = Array.isArray(source) ? source.join("") : source;
    return cell_type === "code" ? `\`\`\`ts\n${written}\n\`\`\`` : written;
  });
  const [head, ...rest] = parts;
  return [
    head,
    `<p class="caption">This is the lesson's text and code. <code>npm run lab</code> opens it in Jupyter, where it runs: ${escapeHtml(posix.basename(page))}</p>`,
    ...rest,
  ].join("\n\n");
}

/** A file that is no page, as it is. @param {string} path @param {ReturnType<typeof linkKeeper>} keeper @returns {PageParts} */
function filePage(path, keeper) {
  const address = `files/${path}.html`;
  const heading = `<h1 class="path">${escapeHtml(path)}</h1>\n`;
  if (statSync(join(ROOT, path)).isDirectory()) {
    const names = readdirSync(join(ROOT, path)).map((name) => `<li>${escapeHtml(name)}</li>`);
    return { address, title: path, body: `${heading}<p>A folder of the repository, with</p><ul>${names.join("")}</ul>`, headings: [] };
  }
  const text = readFileSync(join(ROOT, path), "utf8");
  if (path.endsWith(".md")) {
    const { html, headings } = renderMarkdown(text, keeper.linksOf(path, address));
    return { address, title: path, body: html, headings };
  }
  const info = /\.(mjs|cjs|js|ts)$/.test(path) ? "ts" : "";
  return { address, title: path, body: heading + codeBlock(text, info), headings: [], width: "wide" };
}

/** @param {ReturnType<typeof linkKeeper>} keeper @param {ReadonlyMap<string, ReadonlySet<string>>} ids */
function expectNoDeadLinks({ broken, anchors }, ids) {
  const lost = anchors
    .filter(({ address, id }) => !ids.get(address)?.has(id))
    .map((each) => ({ ...each, why: `${each.address} has no such id` }));
  const all = [...broken, ...lost].map(({ page, link, why }) => `  ${page}: ${link} (${why})`);
  if (all.length > 0) throw new StepError(`${all.length} links lead nowhere:\n${all.join("\n")}`);
}
