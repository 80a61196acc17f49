/** @file Values of YAML that stand in one line: scalars, quoted or not, and lists and mappings in brackets. See plain-yaml.ts. */
import { brief } from "./json.js";

/** Says what was wanted and what was found. */
export type Refuse = (expected: string, found: string) => never;

/** Deeper values are refused, since they are read by recursion. */
export const MAX_DEPTH = 32;

/** The places of a text that lie outside quotes. Quotes open only where a word begins. */
export function* outsideQuotes(text: string): Generator<number> {
  let quote: string | undefined;
  for (let k = 0; k < text.length; k++) {
    const c = text[k];
    if (quote === undefined) {
      if ((c === '"' || c === "'") && (k === 0 || /[\s[{,:]/.test(text[k - 1]))) quote = c;
      else yield k;
    } else if (quote === '"' && c === "\\") k++;
    else if (c === quote) {
      if (c === "'" && text[k + 1] === "'") k++;
      else quote = undefined;
    }
  }
}

/** How many brackets a text leaves open. */
export function openBrackets(text: string): number {
  let open = 0;
  for (const k of outsideQuotes(text)) open += /[[{]/.test(text[k]) ? 1 : /[\]}]/.test(text[k]) ? -1 : 0;
  return open;
}

/** A line's key and what follows it; undefined for a line without a key. */
export function keyOf(text: string): { readonly key: string; readonly rest: string } | undefined {
  if (/^[[{]/.test(text)) return undefined;
  for (const k of outsideQuotes(text))
    if (text[k] === ":" && /^(\s|$)/.test(text.slice(k + 1, k + 2)))
      return { key: text.slice(0, k).trim(), rest: text.slice(k + 1).trim() };
  return undefined;
}

/** Adds an entry under a key as it is written. Keys are texts, and each stands once. */
export function setEntry(entries: Map<string, unknown>, written: string, value: unknown, refuse: Refuse): void {
  const key = /^["']/.test(written) ? scalar(written, refuse) : written;
  if (key === "" || key === "<<" || /^[?&*!|>%@`]/.test(written)) refuse("a key that is a text", brief(written));
  if (entries.has(String(key))) refuse("each key once", `${brief(key)} again`);
  entries.set(String(key), value);
}

/** A value in one line. */
export function lineValue(text: string, depth: number, refuse: Refuse): unknown {
  if (!/^[[{]/.test(text)) return scalar(text, refuse);
  const flow: Flow = { text, at: 0, refuse };
  const value = bracketed(flow, depth);
  return flow.at < text.length ? refuse("nothing after the brackets", brief(text.slice(flow.at, flow.at + 40))) : value;
}

interface Flow {
  readonly text: string;
  at: number;
  readonly refuse: Refuse;
}

function bracketed(flow: Flow, depth: number): unknown {
  const { text, refuse } = flow;
  if (depth > MAX_DEPTH) return refuse(`at most ${MAX_DEPTH} levels`, "more");
  const open = text[flow.at];
  if (open !== "[" && open !== "{") return scalar(word(flow), refuse);
  const close = open === "[" ? "]" : "}";
  const items: unknown[] = [];
  const entries = new Map<string, unknown>();
  flow.at++;
  for (skipSpace(flow); text[flow.at] !== close; skipSpace(flow)) {
    if (open === "[") items.push(bracketed(flow, depth + 1));
    else {
      const key = word(flow);
      if (text[flow.at] !== ":") return refuse("key: value", brief(key));
      flow.at++;
      skipSpace(flow);
      setEntry(entries, key, bracketed(flow, depth + 1), refuse);
    }
    skipSpace(flow);
    if (text[flow.at] === ",") flow.at++;
    else if (text[flow.at] !== close) return refuse(`, or ${close}`, brief(text.slice(flow.at, flow.at + 40)));
  }
  flow.at++;
  skipSpace(flow);
  return open === "[" ? items : Object.fromEntries(entries);
}

function skipSpace(flow: Flow): void {
  while (flow.at < flow.text.length && /\s/.test(flow.text[flow.at])) flow.at++;
}

/** Up to a comma, a bracket, or a colon that ends a key. */
function word(flow: Flow): string {
  const rest = flow.text.slice(flow.at);
  for (const k of outsideQuotes(rest))
    if (/[,[\]{}]/.test(rest[k]) || (rest[k] === ":" && /^(\s|$)/.test(rest.slice(k + 1, k + 2)))) {
      flow.at += k;
      return rest.slice(0, k).trim();
    }
  flow.at = flow.text.length;
  return rest.trim();
}

const NAMED: readonly (readonly [RegExp, unknown])[] = [
  [/^(~|null|Null|NULL|)$/, null],
  [/^(true|True|TRUE|yes|Yes|YES|on|On|ON)$/, true],
  [/^(false|False|FALSE|no|No|NO|off|Off|OFF)$/, false],
  [/^\+?\.(inf|Inf|INF)$/, Number.POSITIVE_INFINITY],
  [/^-\.(inf|Inf|INF)$/, Number.NEGATIVE_INFINITY],
  [/^\.(nan|NaN|NAN)$/, Number.NaN],
];
const NUMBER =
  /^[-+]?((0|[1-9][0-9_]*)|[0-9][0-9_]*\.[0-9_]*([eE][-+]?[0-9]+)?|[0-9][0-9_]*[eE][-+]?[0-9]+|\.[0-9][0-9_]*([eE][-+]?[0-9]+)?)$/;
/** Numbers of YAML 1.1 that are not decimal: binary, octal, hexadecimal and base 60. */
const OTHER_NUMBER = /^[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]+|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)$/;

/** A text, a number, true, false or null. */
function scalar(text: string, refuse: Refuse): unknown {
  if (/^["']/.test(text)) return quoted(text, refuse);
  if (/^[&*!|>%@`]|^[-?:]\s/.test(text)) return refuse("a plain or quoted value, without anchors, tags and text blocks", brief(text));
  const named = NAMED.find(([shape]) => shape.test(text));
  if (named) return named[1];
  if (NUMBER.test(text)) return Number(text.replaceAll("_", ""));
  return OTHER_NUMBER.test(text) ? refuse("a decimal number, or quotes around a text", brief(text)) : text;
}

function quoted(text: string, refuse: Refuse): string {
  if (/^'([^']|'')*'$/.test(text)) return text.slice(1, -1).replaceAll("''", "'");
  try {
    if (text.startsWith('"')) return String(JSON.parse(text));
  } catch {
    // said below
  }
  return refuse("a quoted text that ends in its line, with the escapes of JSON", brief(text));
}
