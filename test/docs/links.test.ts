/** @file Links of pages and lessons lead to files that are there, and to headings that are there, by GitHub's ids. */
import { existsSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { marked, type Token } from "marked";
import { describe, expect, test } from "vitest";
import { renderMarkdown } from "../../site/markdown.mjs";
import { OUTLINE } from "../../site/outline.mjs";
import { linkKeeper } from "../../site/site-links.mjs";
import { LESSONS, PAGES, ROOT, read } from "./pages.js";

/** The Markdown of a page, or of a lesson's cells of text. */
function markdownOf(path: string): string {
  if (!path.endsWith(".ipynb")) return read(path);
  const { cells } = JSON.parse(read(path)) as { cells: { cell_type: string; source: string | string[] }[] };
  return cells.flatMap(({ cell_type, source }) => (cell_type === "markdown" ? [[source].flat().join("")] : [])).join("\n\n");
}

/** The addresses of links and pictures; those in code are none. */
function addressesOf(markdown: string): string[] {
  const found: string[] = [];
  marked.walkTokens(marked.lexer(markdown), (token: Token) => {
    if (token.type === "link" || token.type === "image") found.push(token.href);
  });
  return found;
}

const ids = new Map<string, ReadonlySet<string>>();
/** The ids of a page's headings. */
function idsOf(path: string): ReadonlySet<string> {
  const known =
    ids.get(path) ??
    new Set(renderMarkdown(markdownOf(path), { link: (to) => to, image: (src) => ({ src }) }).headings.map(({ id }) => id));
  ids.set(path, known);
  return known;
}

/** Why a link leads nowhere; undefined for one that leads somewhere. */
function broken(page: string, address: string): string | undefined {
  if (/^(https?|mailto|data|attachment):/.test(address)) return undefined;
  const [path, id] = address.split("#");
  const target = path === "" ? page : posix.normalize(posix.join(posix.dirname(page), decodeURIComponent(path)));
  if (!existsSync(join(ROOT, target))) return `${address}: no such file`;
  if (id === undefined) return undefined;
  const file = statSync(join(ROOT, target)).isDirectory() ? posix.join(target, "README.md") : target;
  return idsOf(file).has(id) ? undefined : `${address}: no such heading`;
}

describe("links lead to files and headings that are there", () => {
  test.each([...PAGES, ...LESSONS])("%s", (page) => {
    expect(addressesOf(markdownOf(page)).flatMap((address) => broken(page, address) ?? [])).toEqual([]);
  });

  test("and a link to nowhere is found", () => {
    expect(broken("docs/viewer.md", "methods.md#samplers")).toBe(undefined);
    expect(broken("docs/viewer.md", "methods.md#no-such")).toBe("methods.md#no-such: no such heading");
    expect(broken("docs/viewer.md", "no-such.md")).toBe("no-such.md: no such file");
  });
});

test("the site finds links to nowhere among those that it rewrites, and rewrites the others", () => {
  const keeper = linkKeeper(new Set(["docs/viewer.md", "notebooks/README.md"]));
  const { link, image } = keeper.linksOf("docs/viewer.md", "docs/viewer.html");
  expect(["../notebooks/README.md", "#keys", "../LICENSE", "https://nodejs.org"].map(link)).toEqual([
    "../notebooks/index.html",
    "#keys",
    "../files/LICENSE.html",
    "https://nodejs.org",
  ]);
  expect(image("with.webp")).toEqual({ src: "with.webp", width: 768, height: 128 });
  expect(keeper.broken).toEqual([]);
  link("no-such.md");
  image("no-such.webp");
  expect(keeper.broken.map(({ link: address }) => address)).toEqual(["no-such.md", "no-such.webp"]);
});

describe("every page of docs/", () => {
  const pages = PAGES.filter((page) => page.startsWith("docs/"));
  test("is in the sidebar of the site", () => {
    const shown = OUTLINE.flatMap(({ entries }) => entries.map(({ page }) => page));
    expect(pages.filter((page) => !shown.includes(page))).toEqual([]);
  });
  test("is in the index that GitHub shows", () => {
    const index = read("docs/README.md");
    expect(pages.filter((page) => page !== "docs/README.md" && !index.includes(`](${posix.basename(page)})`))).toEqual([]);
  });
});
