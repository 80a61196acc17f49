/**
 * @file Exports a notebook as one self-contained page: text, code, outputs and interactive figures. HTML in the notebook, scripts included, is
 * kept as it is: the notebook's owner wrote it.
 */

import { isObject } from "../../core/json.js";
import { escapeHtml, html, trusted } from "../../pages/html.js";
import { pageShell } from "../../pages/page-shell.js";
import { type Cell, type CodeCell, joined, type MimeData, type Multiline, type Notebook, type Output, type TextCell } from "../nbformat.js";
import { ansiToHtml } from "./ansi.js";
import { EXPORT_STYLE } from "./export-style.js";
import { highlight } from "./highlight.js";
import { markdownToHtml } from "./markdown.js";
import { type PictureSize, pictureSize, sizedImage, sizedSvg } from "./picture-size.js";
import { mergedStreams } from "./streams.js";
import { type TexMacros, withoutTex } from "./tex.js";

/** Options of `exportPage`. */
export interface ExportOptions {
  /** the page's title, if no heading of the notebook gives one */
  readonly title: string;
  /** maps an image's address to a data: URL; default: keeps the address */
  readonly image?: (address: string) => string;
}

/** What holds for all cells of a page. */
interface Shared {
  readonly image: (address: string) => string;
  readonly macros: TexMacros;
}

/** Makes a self-contained page of a notebook. */
export function exportPage(notebook: Notebook, { title, image = (address) => address }: ExportOptions): string {
  const heading = notebook.cells.map(headingOf).find((found) => found !== undefined);
  const own = heading === undefined ? html`<h1>${title}</h1>\n` : undefined;
  return pageShell({
    title: heading ?? title,
    style: EXPORT_STYLE,
    policy: "open",
    body: html`<main>
${own}${trusted(numbered(notebook.cells, { image, macros: {} }).join("\n"))}
</main>`,
  });
}

/** A markdown cell's first heading of the first level, as text. */
const headingOf = (cell: Cell): string | undefined =>
  cell.cell_type === "markdown" ? /^#[ \t]+(.+?)[ \t#]*$/m.exec(joined(cell.source))?.[1].replace(/[`*_]/g, "") : undefined;

function numbered(cells: readonly Cell[], shared: Shared): string[] {
  let count = 0;
  return cells.flatMap((cell) => {
    if (cell.cell_type === "code") return joined(cell.source).trim() === "" ? [] : [codeSection(cell, ++count, shared)];
    return cell.cell_type === "markdown" ? [markdownSection(cell, shared)] : [];
  });
}

const markdownSection = ({ source, attachments = {} }: TextCell, { image, macros }: Shared): string => {
  const address = (written: string) => {
    const attached = written.startsWith("attachment:") ? attachments[decoded(written.slice("attachment:".length))] : undefined;
    const [type, data] = Object.entries(attached ?? {})[0] ?? [];
    return type === undefined ? image(written) : `data:${type};base64,${plain(data).replace(/\s/g, "")}`;
  };
  return `<section class="markdown">\n${markdownToHtml(joined(source), { image: address, macros })}</section>`;
};

function codeSection({ source, metadata, outputs }: CodeCell, number: number, shared: Shared): string {
  const { source_hidden: sourceHidden, outputs_hidden: outputsHidden } = isObject(metadata.jupyter) ? metadata.jupyter : {};
  const code = `<pre class="source" tabindex="0" aria-label="code of cell ${number}"><code>${highlight(joined(source))}</code></pre>`;
  const shown = mergedStreams(outputs)
    .map((output) => `<div class="output">${outputHtml(output, number, shared)}</div>`)
    .join("\n");
  const fold = (what: string, hidden: unknown, html: string) =>
    hidden === true && html !== "" ? `<details><summary>${what} of cell ${number}</summary>${html}</details>` : html;
  return `<section aria-label="cell ${number}">\n${fold("Code", sourceHidden, code)}\n${fold("Outputs", outputsHidden, shown)}\n</section>`;
}

function outputHtml(output: Output, cell: number, { macros }: Shared): string {
  if (output.output_type === "stream") return pre(output.name, joined(output.text), cell);
  if (output.output_type === "error") {
    const { ename, evalue, traceback } = output;
    return pre("error", traceback.length > 0 ? traceback.join("\n") : `${ename}: ${evalue}`, cell);
  }
  const { data, metadata } = output;
  const [type, render] = Object.entries(FORMS).find(([name]) => data[name] !== undefined) ?? [];
  if (type === undefined || render === undefined) return "";
  const alt = data["text/plain"] === undefined ? `output of cell ${cell}` : plain(data["text/plain"]);
  return render(plain(data[type]), { cell, alt, macros, size: pictureSize(metadata, type) });
}

const pre = (kind: string, text: string, cell: number): string =>
  `<pre class="${kind}" tabindex="0" aria-label="${kind === "error" ? "error" : "output"} of cell ${cell}">${ansiToHtml(text)}</pre>`;

/** What a form's text is shown with. */
interface About {
  readonly cell: number;
  readonly alt: string;
  readonly size: PictureSize;
  readonly macros: TexMacros;
}

const picture =
  (type: string) =>
  (base64: string, { alt, size }: About): string =>
    sizedImage(`data:${type};base64,${base64.replace(/\s/g, "")}`, alt, size);

/** Text with TeX, as MathJax reads it: without TeX it stays text. */
function latex(text: string, { macros }: About): string {
  const { text: rest, restore } = withoutTex(text, "html", macros);
  return `<div class="latex">${restore(escapeHtml(rest))}</div>`;
}

/** How each form of an output is shown, in order of preference. */
const FORMS: Readonly<Record<string, (text: string, about: About) => string>> = {
  "text/html": (html) => html,
  "text/markdown": (text, { macros }) => markdownToHtml(text, { macros }),
  "image/svg+xml": (svg, { size }) => sizedSvg(svg.replace(/^\s*<\?xml[^>]*\?>\s*/, ""), size),
  "image/png": picture("image/png"),
  "image/jpeg": picture("image/jpeg"),
  "image/webp": picture("image/webp"),
  "image/gif": picture("image/gif"),
  "text/latex": latex,
  "application/javascript": (script) => `<script>${script.replace(/<\/(script)/gi, "<\\/$1")}</script>`,
  "application/json": (json, { cell }) => pre("stdout", json, cell),
  "text/plain": (text, { cell }) => pre("stdout", text, cell),
};

/** A form's text; a value that is no text is written as JSON. */
const plain = (form: MimeData[string]): string =>
  typeof form === "string" || (Array.isArray(form) && form.every((line) => typeof line === "string"))
    ? joined(form as Multiline)
    : JSON.stringify(form, null, 2);

const decoded = (written: string): string => {
  try {
    return decodeURIComponent(written);
  } catch {
    return written;
  }
};
