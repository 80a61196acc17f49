/**
 * @file TeX in a notebook's text, found as Jupyter's front ends find it: before the text is read as Markdown, so that no mark of Markdown inside TeX
 * means anything, and never in code. It becomes MathML, so a page needs no script for it and no network.
 *
 * JupyterLab's rules (packages/rendermime/src/latex.ts): `$…$`, `$$…$$`, an environment, and `\\(…\\)`, `\\[…\\]`, whose backslashes Markdown
 * halves; braces are balanced; a blank line ends what has not ended; `\$` is a dollar. One rule is pandoc's: a dollar before a space or after one, or
 * before a digit where it would end, is money.
 */
import temml from "temml";
import { escapeHtml } from "../../pages/html.js";

/** Definitions by `\newcommand` and `\def`, which hold for a whole page, as in MathJax. */
export type TexMacros = Record<string, string>;

/** What MathJax reads and Temml does not, in words of Temml's. MathJax lets a command be defined anew, and for the rest of the page. */
const IN_TEMML: readonly (readonly [RegExp, string | ((all: string, name: string, parameters?: string) => string)])[] = [
  [/\\begin\{eqnarray\*?\}/g, "\\begin{array}{rcl}"],
  [/\\end\{eqnarray\*?\}/g, "\\end{array}"],
  [/\\(begin|end)\{flalign(\*?)\}/g, "\\$1{align$2}"],
  [/\\def(?![a-zA-Z])/g, "\\gdef"],
  [/\\DeclareMathOperator(\*?)\s*\{?(\\[a-zA-Z]+)\}?\s*\{([^{}]*)\}/g, "\\gdef$2{\\operatorname$1{$3}}"],
  [
    /\\(?:re)?newcommand\*?\s*\{?(\\[a-zA-Z]+)\}?\s*(?:\[(\d)\])?(?=\s*\{)/g,
    (_all, name, count = "0") => `\\gdef${name}${Array.from({ length: Number(count) }, (_, k) => `#${k + 1}`).join("")}`,
  ],
];

/** Converts TeX to MathML. TeX that does not parse is shown with its error. @param macros definitions so far; those of the TeX are added */
export function math(tex: string, display: "block" | "inline", macros: TexMacros = {}): string {
  const read = IN_TEMML.reduce(
    (rest, [from, to]) => (typeof to === "string" ? rest.replace(from, to) : rest.replace(from, to)),
    tex.trim(),
  );
  return temml.renderToString(read, { displayMode: display === "block", throwOnError: false, macros });
}

/** Text whose TeX was taken out. */
export interface WithoutTex {
  /** with a word in the place of each piece of TeX, which HTML and Markdown leave as it is */
  readonly text: string;
  /** Puts the TeX back into the HTML that was made of the text: as MathML, or as it was written inside of code, scripts and tags. */
  restore(html: string): string;
}

/** Which backslashes stand before `(` and `[`: Markdown halves them, HTML does not. */
export type TexIn = "markdown" | "html";

interface Piece {
  readonly end: number;
  readonly tex: string;
  readonly display: "block" | "inline";
}

/** Takes the TeX out of a text. @param macros definitions so far; those of this text are added */
export function withoutTex(source: string, where: TexIn, macros: TexMacros = {}): WithoutTex {
  let word = "tex";
  while (source.includes(word)) word += "q";
  const pieces: { readonly raw: string; readonly piece: Piece }[] = [];
  let [text, from] = ["", 0];
  const begins = where === "markdown" ? MARKDOWN : HTML;
  for (let at = 0; at < source.length; ) {
    begins.lastIndex = at;
    const found = begins.exec(source);
    if (!found) break;
    const piece = pieceAt(source, found);
    if (typeof piece === "number") at = piece;
    else {
      text += `${source.slice(from, found.index)}${word}${pieces.length}z`;
      pieces.push({ raw: source.slice(found.index, piece.end), piece });
      from = at = piece.end;
    }
  }
  text += source.slice(from);
  const marks = new RegExp(`${word}(\\d+)z`, "g");
  const asWritten = (html: string) => html.replace(marks, (_all, k) => escapeHtml(pieces[Number(k)].raw));
  const asMath = (html: string) =>
    html.replace(marks, (_all, k) => math(pieces[Number(k)].piece.tex, pieces[Number(k)].piece.display, macros));
  return { text, restore: (html) => (pieces.length === 0 ? html : betweenTags(html, asMath, asWritten)) };
}

/** What may begin TeX, or what hides it: code, and a backslash before a dollar. */
const CODE = /(?<fence>^[ \t>]*(?:[-*+][ \t]+|\d+[.)][ \t]+)?(?<bars>`{3,}|~{3,}))|(?<ticks>`+)/.source;
const TEX = /(?<escaped>\\\$)|(?<dollars>\$\$?)|\\begin\{(?<name>[A-Za-z]+\*?)\}/.source;
const MARKDOWN = new RegExp(String.raw`${CODE}|${TEX}|\\\\(?<open>[([])`, "gm");
const HTML = new RegExp(String.raw`${TEX}|\\(?<open>[([])`, "gm");

/** The TeX that begins at a match, or where to go on searching where none does. */
function pieceAt(source: string, found: RegExpExecArray): Piece | number {
  const { index, 0: all, groups = {} } = found;
  const after = index + all.length;
  const { bars, ticks, dollars, name, open } = groups;
  if (bars !== undefined) return endOfFence(source, after, bars);
  if (ticks !== undefined) return endOfTicks(source, after, ticks);
  if (dollars === "$$") return upTo(source, after, /\$\$/, "block") ?? after;
  if (dollars === "$") return inline(source, after) ?? after;
  if (name !== undefined) return environment(source, index, name) ?? after;
  if (open === undefined) return after; // an escaped dollar
  const backslashes = all.slice(0, -1).replaceAll("\\", "\\\\");
  return open === "("
    ? (upTo(source, after, `${backslashes}\\)`, "inline") ?? after)
    : (upTo(source, after, `${backslashes}\\]`, "block") ?? after);
}

function endOfFence(source: string, after: number, bars: string): number {
  const end = new RegExp(`^[ \\t>]*${bars[0]}{${bars.length},}[ \\t]*$`, "gm");
  end.lastIndex = after;
  return end.exec(source) ? end.lastIndex : source.length;
}

/** Code between runs of as many backticks; without a second run they are mere backticks. */
function endOfTicks(source: string, after: number, ticks: string): number {
  const end = new RegExp(`(?<!\`)${ticks}(?!\`)`, "g");
  end.lastIndex = after;
  return end.exec(source) ? end.lastIndex : after;
}

const BLANK_LINE = /\n[ \t]*\n/;

/** TeX up to an end outside of braces, or the first end at all; none beyond a blank line. */
function upTo(source: string, after: number, end: string | RegExp, display: Piece["display"]): Piece | undefined {
  const room = source.slice(after).split(BLANK_LINE, 1)[0];
  const ends = [...room.matchAll(new RegExp(typeof end === "string" ? end : end.source, "g"))];
  const found = ends.find(({ index }) => bracesOf(room.slice(0, index)) === 0) ?? ends[0];
  if (!found || room.slice(0, found.index).trim() === "") return undefined;
  return { end: after + found.index + found[0].length, tex: room.slice(0, found.index), display };
}

/** How many braces stay open. */
const bracesOf = (tex: string): number =>
  [...tex.matchAll(/\\.|[{}]/gs)].reduce((depth, [brace]) => (brace === "{" ? depth + 1 : brace === "}" ? depth - 1 : depth), 0);

/** TeX between single dollars that are not money. */
function inline(source: string, after: number): Piece | undefined {
  if (/^(?:\s|$)/.test(source.slice(after, after + 1))) return undefined;
  const piece = upTo(source, after, /(?<![\s\\])\$(?!\d)/, "inline");
  return piece && !piece.tex.includes("`") ? piece : undefined;
}

/** A whole environment with the same ones inside of it. */
function environment(source: string, index: number, name: string): Piece | undefined {
  const room = source.slice(index).split(BLANK_LINE, 1)[0];
  let depth = 0;
  for (const match of room.matchAll(new RegExp(`\\\\(begin|end)\\{${name.replace("*", "\\*")}\\}`, "g"))) {
    depth += match[1] === "begin" ? 1 : -1;
    const end = match.index + match[0].length;
    if (depth === 0) return { end: index + end, tex: room.slice(0, end), display: "block" };
  }
  return undefined;
}

const TAG = /<!--[\s\S]*?-->|<(\/?)([a-zA-Z][\w-]*)(?:"[^"]*"|'[^']*'|[^"'>])*>/g;
/** Where MathJax reads nothing. */
const RAW = /^(?:code|pre|script|style|textarea|annotation)$/i;

/** Changes the text of HTML in one way, and its tags and code in another. */
function betweenTags(html: string, text: (html: string) => string, raw: (html: string) => string): string {
  let [made, from, depth] = ["", 0, 0];
  for (const match of html.matchAll(TAG)) {
    const before = html.slice(from, match.index);
    made += (depth > 0 ? raw(before) : text(before)) + raw(match[0]);
    from = match.index + match[0].length;
    if (match[2] !== undefined && RAW.test(match[2])) depth = Math.max(0, depth + (match[1] === "/" ? -1 : 1));
  }
  return made + (depth > 0 ? raw(html.slice(from)) : text(html.slice(from)));
}
