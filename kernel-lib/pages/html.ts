/** @file Text into HTML: everything a user wrote passes through here and stays text. */

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text as HTML text or as the value of a quoted attribute. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (c) => ENTITIES[c]);

/** HTML that is finished: the `html` tag inserts it as it is. */
export class Html {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  toString(): string {
    return this.#text;
  }
}

/** What may stand in an `html` template: text and numbers are escaped; nothing stands for undefined; a list is joined. */
export type HtmlPart = Html | string | number | undefined | readonly HtmlPart[];

/**
 * A template of HTML whose values are escaped unless they are HTML already.
 * @example html`<h1>${title}</h1>${sections.map((text) => html`<p>${text}</p>`)}`
 */
export const html = (texts: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html =>
  new Html(texts.reduce((all, text, k) => all + shown(parts[k - 1]) + text));

/** Marks a text that is HTML by itself, such as a picture's SVG or a style sheet. Never for what a user wrote. */
export const trusted = (text: string): Html => new Html(text);

function shown(part: HtmlPart): string {
  if (part === undefined) return "";
  if (part instanceof Html) return part.toString();
  return typeof part === "object" ? part.map(shown).join("") : escapeHtml(String(part));
}

/** A value as a JavaScript literal inside a script element: nothing in it can end the element or start a comment. */
export const scriptLiteral = (value: unknown): string =>
  JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Bytes as a data: URL. */
export const dataUrl = (type: string, bytes: Uint8Array): string =>
  `data:${type};base64,${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")}`;
