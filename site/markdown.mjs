/** @file Markdown to HTML as GitHub shows it: the same ids of headings, tables, and highlighted code. */
import { Marked } from "marked";
import { highlight } from "#kernel-lib/ipynb/export/highlight.js";
import { withoutTex } from "#kernel-lib/ipynb/export/tex.js";
import { escapeHtml } from "#kernel-lib/pages/html.js";

/** @typedef {{ readonly depth: number, readonly id: string, readonly text: string }} Heading */
/** @typedef {{ readonly heading: Heading | undefined, readonly text: string }} Part what stands under a heading, as plain text */
/**
 * @typedef {object} MarkdownOptions
 * @property {(address: string) => string} link maps the address of a link to that in the page
 * @property {(address: string) => { src: string, width?: number, height?: number }} image
 * @property {"tex" | "no tex"} [math] whether dollars stand around TeX; default "no tex"
 * @property {"github" | "as written"} [ids] of headings: by GitHub's rule, or names as they are; default "github"
 */

/** A heading's id, by GitHub's rule. @param {string} text without marks of Markdown */
export const slugOf = (text) =>
  text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, "")
    .replaceAll(" ", "-");

/** Numbers ids that stand more than once, as GitHub does. */
export function idGiver() {
  /** @type {Map<string, number>} */
  const seen = new Map();
  return (/** @type {string} */ id) => {
    const count = seen.get(id) ?? 0;
    seen.set(id, count + 1);
    return count === 0 ? id : `${id}-${count}`;
  };
}

/** Characters of code that a line does not break. */
const SHORT = 24;

const SCRIPT = /^(ts|js|typescript|javascript|json)\b/;
const SHELL = /^(sh|bash|shell)\b/;

/** Highlights a shell's comments and the program of each line. @param {string} code */
const highlightShell = (code) =>
  escapeHtml(code)
    .split("\n")
    .map((line) =>
      line
        .replace(/(^|\s)(#.*)$/, '$1<span class="code-comment">$2</span>')
        .replace(
          /^((?:[A-Z_]+=\S+ )*)(veduta|npx|npm|git|cd|node|docker|python3?|pip|sbatch|kubectl)\b/,
          '$1<span class="code-word">$2</span>',
        ),
    )
    .join("\n");

/** A block of code. @param {string} text @param {string} [info] the fence's first line */
export function codeBlock(text, info = "") {
  const inside = SCRIPT.test(info) ? highlight(text) : SHELL.test(info) ? highlightShell(text) : escapeHtml(text);
  return `<pre class="source" tabindex="0"><code>${inside}</code></pre>\n`;
}

/** HTML as plain text. @param {string} html */
const plain = (html) =>
  html
    .replace(/<[^>]*>/g, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");

/** A parser for one page. @param {MarkdownOptions} options @param {Heading[]} headings is filled */
function parserOf({ link, image, ids = "github" }, headings) {
  const giveId = idGiver();
  return new Marked({
    renderer: {
      code: ({ text, lang }) => codeBlock(text, lang),
      // a flag or a name stays in one line, also in a narrow column
      codespan: ({ text }) => `<code${text.length <= SHORT ? ' class="short"' : ""}>${escapeHtml(text)}</code>`,
      heading({ tokens, depth }) {
        const inside = this.parser.parseInline(tokens);
        const text = plain(inside);
        const id = giveId(ids === "github" ? slugOf(text) : text.replaceAll(" ", "-"));
        headings.push({ depth, id, text });
        return `<h${depth} id="${escapeHtml(id)}"><a class="anchor" href="#${escapeHtml(id)}" aria-hidden="true" tabindex="-1">#</a>${inside}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        return `<a href="${escapeHtml(link(href))}">${this.parser.parseInline(tokens)}</a>`;
      },
      image({ href, text }) {
        const { src, width, height } = image(href);
        const size = width && height ? ` width="${width}" height="${height}"` : "";
        return `<img src="${escapeHtml(src)}" alt="${escapeHtml(text)}"${size} loading="lazy">`;
      },
      table({ header, rows }) {
        const cells = (/** @type {typeof header} */ row, /** @type {string} */ tag) =>
          `<tr>${row.map(({ tokens }) => `<${tag}>${this.parser.parseInline(tokens)}</${tag}>`).join("")}</tr>`;
        const name = escapeHtml(`Table: ${plain(header.map(({ tokens }) => this.parser.parseInline(tokens)).join(", "))}`);
        const body = rows.map((row) => cells(row, "td")).join("\n");
        return `<div class="table" role="group" tabindex="0" aria-label="${name}"><table>\n<thead>${cells(header, "th")}</thead>\n<tbody>${body}</tbody>\n</table></div>\n`;
      },
    },
  });
}

/**
 * Converts a page.
 * @param {string} source @param {MarkdownOptions} options
 * @returns {{ html: string, headings: Heading[], parts: Part[] }}
 */
export function renderMarkdown(source, options) {
  /** @type {Heading[]} */
  const headings = [];
  const uncommented = source.replace(/<!--[\s\S]*?-->\n?/g, "");
  const { text, restore } =
    options.math === "tex" ? withoutTex(uncommented, "markdown") : { text: uncommented, restore: (/** @type {string} */ html) => html };
  const html = restore(parserOf(options, headings).parse(text, { async: false }));
  return { html, headings, parts: partsOf(html, headings) };
}

/** The text of a page between its headings. @param {string} html @param {readonly Heading[]} headings @returns {Part[]} */
function partsOf(html, headings) {
  const pieces = html.split(/<h[1-6] id="[^"]*">[\s\S]*?<\/h[1-6]>/);
  return pieces
    .map((piece, k) => ({
      heading: headings[k - 1],
      text: plain(piece.replace(/<\/(p|li|td|th|tr|pre|h\d)>/g, " "))
        .replace(/\s+/g, " ")
        .trim(),
    }))
    .filter(({ heading, text }) => heading || text);
}
