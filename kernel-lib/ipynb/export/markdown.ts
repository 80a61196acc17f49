/** @file Converts Markdown cells to HTML, like Jupyter for a trusted notebook: raw HTML is kept, TeX between dollars becomes MathML. */
import { Marked, type TokenizerAndRendererExtension } from "marked";
import temml from "temml";
import { escapeHtml } from "../../pages/html.js";
import { highlight } from "./highlight.js";

/** Converts TeX to MathML. TeX that does not parse is shown with its error. */
export const math = (tex: string, display: "block" | "inline"): string =>
  temml.renderToString(tex.trim(), { displayMode: display === "block", throwOnError: false });

/** Displayed TeX: between $$ and $$, or an environment such as \begin{align}. */
const DISPLAYED = /^\$\$([\s\S]+?)\$\$|^(\\begin\{([a-zA-Z]+\*?)\}[\s\S]+?\\end\{\3\})/;
/** Inline TeX between $ and $. A dollar beside a space or before a digit is money. */
const INLINE = /^\$(?!\s)((?:\\[\s\S]|[^$\\`])+?)(?<!\s)\$(?!\d)/;

interface MathKind {
  readonly level: "block" | "inline";
  readonly pattern: RegExp;
  readonly display: "block" | "inline";
  /** where it may begin: a block only at the begin of a line, so that it does not split a paragraph */
  readonly begins: RegExp;
}

const mathExtension = (name: string, { level, pattern, display, begins }: MathKind): TokenizerAndRendererExtension => ({
  name,
  level,
  start: (source) => {
    const at = source.search(begins);
    return at < 0 ? undefined : at;
  },
  tokenizer(source) {
    const match = pattern.exec(source);
    return match ? { type: name, raw: match[0], text: match[1] ?? match[2] } : undefined;
  },
  renderer: ({ text }) => math(String(text), display),
});

const marked = new Marked(
  {
    extensions: [
      mathExtension("mathBlock", { level: "block", pattern: DISPLAYED, display: "block", begins: /^(\$\$|\\begin\{)/m }),
      mathExtension("mathDisplayed", { level: "inline", pattern: DISPLAYED, display: "block", begins: /\$\$|\\begin\{/ }),
      mathExtension("mathInline", { level: "inline", pattern: INLINE, display: "inline", begins: /\$/ }),
    ],
  },
  {
    renderer: {
      code({ text, lang }) {
        return `<pre class="source" tabindex="0"><code>${/^(ts|js|typescript|javascript)\b/.test(lang ?? "") ? highlight(text) : escapeHtml(text)}</code></pre>\n`;
      },
      heading({ tokens, depth, text }) {
        return `<h${depth} id="${escapeHtml(anchorOf(text))}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
    },
  },
);

/** The id of a heading, as in Jupyter's links. */
const anchorOf = (heading: string): string => heading.replace(/[`*_]/g, "").trim().replace(/\s+/g, "-");

/** Converts Markdown to HTML. @param image maps an image's address to the one for the page */
export function markdownToHtml(text: string, image: (address: string) => string = (address) => address): string {
  const html = marked.parse(text, { async: false });
  return html.replace(/(<img\b[^>]*?\bsrc=)(?:"([^"]*)"|'([^']*)')/gi, (_all, before: string, double?: string, single?: string) => {
    const address = (double ?? single ?? "").replaceAll("&amp;", "&");
    return `${before}"${escapeHtml(image(address))}"`;
  });
}
