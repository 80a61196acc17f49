/** @file The frame of every page: head, header, sidebar, contents, and the pages before and after. */
import { posix } from "node:path";
import { html, trusted } from "#kernel-lib/pages/html.js";
import { addressOf, HOME, OUTLINE } from "./outline.mjs";

/** @typedef {import("./markdown.mjs").Heading} Heading */
/**
 * @typedef {object} PageParts
 * @property {string} address in the site
 * @property {string} title
 * @property {string} body HTML
 * @property {readonly Heading[]} headings
 * @property {string} [before] HTML that stands above the text, as wide as the window
 * @property {readonly string[]} [scripts] further scripts, in the site
 * @property {"text" | "wide"} [width] "wide": no list of contents, so that code has its place
 */

/** A browser asks no other host for anything: the page's policy. */
const POLICY =
  "default-src 'none'; img-src 'self' file: data: blob:; style-src 'self' file: 'unsafe-inline'; script-src 'self' file:; connect-src 'self' data:; base-uri 'none'; form-action 'none'";

/** The address of a place in the site as a page writes it. @param {string} from address of the page @param {string} to */
export const relativeTo = (from, to) => posix.relative(posix.dirname(from), to) || posix.basename(to);

const ALL = OUTLINE.flatMap(({ entries }) => entries);

/** @param {string} address */
function sidebar(address) {
  const here = (/** @type {{ page: string }} */ { page }) => addressOf(page) === address;
  return html`<nav class="sidebar" id="sidebar" aria-label="Pages">
${OUTLINE.map(({ title, entries }, k) => {
  const open = k < 3 || entries.some(here);
  return html`<details${trusted(open ? " open" : "")}><summary>${title}</summary><ul>
${entries.map(
  (entry) =>
    html`<li><a href="${relativeTo(address, addressOf(entry.page))}"${trusted(here(entry) ? ' aria-current="page"' : "")}>${entry.title}</a></li>\n`,
)}</ul></details>\n`;
})}</nav>`;
}

/** @param {readonly Heading[]} headings */
function contents(headings) {
  const shown = headings.filter(({ depth }) => depth === 2 || depth === 3);
  if (shown.length < 2) return undefined;
  return html`<nav class="contents" aria-labelledby="contents"><p id="contents">On this page</p><ul>
${shown.map(({ depth, id, text }) => html`<li class="depth-${depth}"><a href="#${id}">${text}</a></li>\n`)}</ul></nav>`;
}

/** @param {string} address */
function neighbours(address) {
  const k = ALL.findIndex(({ page }) => addressOf(page) === address);
  if (k < 0) return undefined;
  const link = (/** @type {number} */ at, /** @type {string} */ word, /** @type {string} */ rel) =>
    ALL[at] && html`<a rel="${rel}" href="${relativeTo(address, addressOf(ALL[at].page))}"><span>${word}</span> ${ALL[at].title}</a>`;
  return html`<nav class="neighbours" aria-label="Neighbouring pages">${link(k - 1, "Before", "prev")}${link(k + 1, "Next", "next")}</nav>`;
}

/** The links of the header. @type {readonly (readonly [title: string, page: string])[]} */
const PLACES = [
  ["Start", "docs/getting-started.md"],
  ["Guides", "docs/README.md"],
  ["Methods", "docs/methods.md"],
  ["Lessons", "notebooks/README.md"],
  ["API", "api/index"],
];

/** @param {string} address */
const header = (address) => html`<a class="skip" href="#main">Skip to the text</a>
<header class="top">
<button class="menu" type="button" aria-expanded="false" aria-controls="sidebar">Pages</button>
<a class="brand" href="${relativeTo(address, addressOf(HOME))}">Veduta</a>
<nav class="places" aria-label="Sections">${PLACES.map(([title, page]) => html`<a href="${relativeTo(address, addressOf(page))}">${title}</a>`)}</nav>
<button class="find" type="button" aria-haspopup="dialog">Search <kbd>/</kbd></button>
<button class="scheme" type="button" aria-label="Dark or light"></button>
</header>`;

/** A whole page. @param {PageParts} parts */
export function layout({ address, title, body, headings, before = "", scripts = [], width = "text" }) {
  const to = (/** @type {string} */ place) => relativeTo(address, place);
  const page = html`<!doctype html>
<html lang="en" data-root="${to("index.html").replace(/index\.html$/, "")}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${trusted(POLICY)}">
<title>${address === "index.html" ? title : `${title} · Veduta`}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${to("site.css")}">
<script src="${to("site.js")}"></script>
</head>
<body>
${header(address)}
${trusted(before)}<div class="frame ${width}">
${sidebar(address)}
<main id="main" tabindex="-1">
<article>
${trusted(body)}</article>
${neighbours(address)}
</main>
${width === "text" ? contents(headings) : undefined}
</div>
${scripts.map((script) => html`<script src="${to(script)}"></script>\n`)}</body>
</html>
`;
  return `${page}`;
}
