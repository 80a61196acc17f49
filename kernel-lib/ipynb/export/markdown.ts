/** @file Converts Markdown cells to HTML, like Jupyter for a trusted notebook: raw HTML is kept, TeX becomes MathML. */
import { Marked } from "marked";
import { escapeHtml } from "../../pages/html.js";
import { highlight } from "./highlight.js";
import { type TexMacros, withoutTex } from "./tex.js";

const marked = new Marked({
  renderer: {
    code({ text, lang }) {
      return `<pre class="source" tabindex="0"><code>${/^(ts|js|typescript|javascript)\b/.test(lang ?? "") ? highlight(text) : escapeHtml(text)}</code></pre>\n`;
    },
    heading({ tokens, depth, text }) {
      return `<h${depth} id="${escapeHtml(anchorOf(text))}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
    },
  },
});

/** The id of a heading, as in Jupyter's links. */
const anchorOf = (heading: string): string => heading.replace(/[`*_]/g, "").trim().replace(/\s+/g, "-");

/** Options of `markdownToHtml`. */
export interface MarkdownOptions {
  /** maps an image's address to the one for the page; default: keeps it */
  readonly image?: (address: string) => string;
  /** TeX definitions so far; those of the text are added */
  readonly macros?: TexMacros;
}

/** Converts Markdown to HTML. */
export function markdownToHtml(source: string, { image = (address) => address, macros }: MarkdownOptions = {}): string {
  const { text, restore } = withoutTex(source, "markdown", macros);
  const html = restore(marked.parse(text, { async: false }));
  return html.replace(/(<img\b[^>]*?\bsrc=)(?:"([^"]*)"|'([^']*)')/gi, (_all, before: string, double?: string, single?: string) => {
    const address = (double ?? single ?? "").replaceAll("&amp;", "&");
    return `${before}"${escapeHtml(image(address))}"`;
  });
}
