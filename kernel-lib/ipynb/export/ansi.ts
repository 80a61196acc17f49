/** @file Converts terminal text to HTML: ANSI colours and weights become classes, other escape sequences are removed. */
import { escapeHtml } from "../../pages/html.js";

/** A colour: a number from 0 to 15, for which the page's style has a class, or a CSS colour. */
type Colour = number | string | undefined;
interface Look {
  ink: Colour;
  ground: Colour;
  readonly marks: Set<"bold" | "faint" | "italic" | "underline" | "inverse">;
}

const MARKS = { 1: "bold", 2: "faint", 3: "italic", 4: "underline", 7: "inverse" } as const;
/** The attributes that the codes 22, 23, 24 and 27 end. */
const ENDS = { 22: ["bold", "faint"], 23: ["italic"], 24: ["underline"], 27: ["inverse"] } as const;

/** CSI sequences, OSC sequences, and escapes of two characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const SEQUENCE = /\x1b(?:\[([0-9;:]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])/g;

/** Converts terminal text to HTML. @param text any text, with escape sequences @returns HTML for a `<pre>` */
export function ansiToHtml(text: string): string {
  const look: Look = { ink: undefined, ground: undefined, marks: new Set() };
  let html = "";
  let from = 0;
  for (const match of text.matchAll(SEQUENCE)) {
    html += dressed(text.slice(from, match.index), look);
    from = match.index + match[0].length;
    if (match[2] === "m") change(look, (match[1] || "0").split(/[;:]/).map(Number));
  }
  return html + dressed(text.slice(from), look);
}

function change(look: Look, codes: number[]): void {
  for (let code = codes.shift(); code !== undefined; code = codes.shift()) {
    if (code === 0) {
      [look.ink, look.ground] = [undefined, undefined];
      look.marks.clear();
    } else if (code in MARKS) look.marks.add(MARKS[code as keyof typeof MARKS]);
    else if (code in ENDS) for (const mark of ENDS[code as keyof typeof ENDS]) look.marks.delete(mark);
    else if (code === 38) look.ink = extended(codes);
    else if (code === 48) look.ground = extended(codes);
    else if (code === 39) look.ink = undefined;
    else if (code === 49) look.ground = undefined;
    else if (code >= 30 && code < 38) look.ink = code - 30;
    else if (code >= 40 && code < 48) look.ground = code - 40;
    else if (code >= 90 && code < 98) look.ink = code - 82;
    else if (code >= 100 && code < 108) look.ground = code - 92;
  }
}

/** The colour after code 38 or 48: 5 and one of 256 colours, or 2 and red, green, blue. */
function extended(codes: number[]): Colour {
  const kind = codes.shift();
  if (kind === 2) return css(codes.splice(0, 3));
  const index = kind === 5 ? (codes.shift() ?? 0) : 0;
  if (kind !== 5 || index > 255) return undefined;
  if (index < 16) return index;
  if (index >= 232) return css([0, 0, 0].map(() => 8 + 10 * (index - 232)));
  const cube = index - 16;
  return css([Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((level) => (level === 0 ? 0 : 55 + 40 * level)));
}

const css = (rgb: readonly number[]): string | undefined =>
  rgb.length === 3 && rgb.every((level) => level >= 0 && level < 256) ? `rgb(${rgb.join(",")})` : undefined;

function dressed(text: string, { ink, ground, marks }: Look): string {
  if (text === "") return "";
  const classes = [
    ...(typeof ink === "number" ? [`ink${ink}`] : []),
    ...(typeof ground === "number" ? [`ground${ground}`] : []),
    ...marks,
  ].join(" ");
  const style = [
    ...(typeof ink === "string" ? [`color:${ink}`] : []),
    ...(typeof ground === "string" ? [`background:${ground}`] : []),
  ].join(";");
  const attributes = `${classes && ` class="${classes}"`}${style && ` style="${style}"`}`;
  return attributes ? `<span${attributes}>${escapeHtml(text)}</span>` : escapeHtml(text);
}
