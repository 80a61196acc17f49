/**
 * @file The part of YAML that the configuration files of trainings use: mappings and lists by indentation or in brackets, plain and quoted values,
 * comments. Anchors, tags, text blocks and several documents are refused. Values mean what PyYAML makes of them. Source: yaml.org/spec/1.1.
 */
import { CheckpointError } from "./errors.js";
import { brief, isObject, type JsonObject } from "./json.js";
import { keyOf, lineValue, MAX_DEPTH, openBrackets, outsideQuotes, type Refuse, setEntry } from "./yaml-values.js";

interface Line {
  /** spaces before the text */
  readonly indent: number;
  /** without comment and outer spaces */
  readonly text: string;
  /** from 1 */
  readonly number: number;
}

interface Reader {
  readonly lines: Line[];
  /** the line that is read next */
  at: number;
  /** of a line, the next one unless told */
  refuse(expected: string, found: string, line?: number): never;
}

/**
 * Parses a file whose top is a mapping.
 * @param file for error messages
 * @throws CheckpointError naming the line, for what is no YAML or beyond this part of it
 */
export function parseYaml(file: string, text: string): JsonObject {
  const refuse = (expected: string, found: string, line: number): never => {
    throw new CheckpointError(file, { expected, found: `${found}, in line ${line}` });
  };
  const lines = linesOf(text, refuse);
  const reader: Reader = { lines, at: 0, refuse: (expected, found, line = lines[reader.at]?.number ?? 1) => refuse(expected, found, line) };
  const value = nested(reader, 0, 0);
  if (reader.at < lines.length) reader.refuse("the indentation of the lines before", brief(lines[reader.at].text));
  return isObject(value) ? value : refuse("keys with values", brief(value), lines[0]?.number ?? 1);
}

/** Lines with content; one that leaves brackets open goes on in the next ones. */
function linesOf(text: string, refuse: (expected: string, found: string, line: number) => never): Line[] {
  const lines: Line[] = [];
  let parts: string[] = [];
  let open = 0;
  let begun: Omit<Line, "text"> = { indent: 0, number: 1 };
  for (const [k, whole] of text.split(/\r?\n/).entries()) {
    const content = withoutComment(whole);
    const part = content.trim();
    if (part === "") continue;
    const indent = content.length - content.trimStart().length;
    if (content.slice(0, indent).includes("\t")) return refuse("spaces as indentation", "a tab", k + 1);
    if (indent === 0 && /^(---|\.\.\.|%)/.test(part) && !(part === "---" && lines.length === 0))
      return refuse("one document", brief(part), k + 1);
    if (part === "---") continue;
    if (parts.length === 0) begun = { indent, number: k + 1 };
    parts.push(part);
    open += openBrackets(part);
    if (open > 0) continue;
    lines.push({ ...begun, text: parts.join(" ") });
    [parts, open] = [[], 0];
  }
  return parts.length > 0 ? refuse("brackets that close", brief(parts[0]), begun.number) : lines;
}

function withoutComment(line: string): string {
  for (const k of outsideQuotes(line)) if (line[k] === "#" && (k === 0 || /\s/.test(line[k - 1]))) return line.slice(0, k);
  return line;
}

/** The value of the next lines, where they are at least so far in; else null. */
function nested(reader: Reader, least: number, depth: number): unknown {
  const line = reader.lines[reader.at];
  if (!line || line.indent < least) return null;
  if (depth > MAX_DEPTH) return reader.refuse(`at most ${MAX_DEPTH} levels`, "more");
  if (isItem(line)) return listAt(reader, line.indent, depth);
  if (keyOf(line.text)) return mappingAt(reader, line.indent, depth);
  return inline(reader, line, line.text, depth);
}

const isItem = ({ text }: Line): boolean => /^-(\s|$)/.test(text);

function listAt(reader: Reader, indent: number, depth: number): unknown[] {
  const items: unknown[] = [];
  for (let line = reader.lines[reader.at]; line?.indent === indent && isItem(line); line = reader.lines[reader.at]) {
    const rest = line.text.slice(1).trimStart();
    // what follows the dash is a line of its own, as far in as it stands
    if (rest === "") reader.at++;
    else reader.lines[reader.at] = { indent: indent + line.text.length - rest.length, text: rest, number: line.number };
    items.push(nested(reader, indent + 1, depth + 1));
  }
  return items;
}

function mappingAt(reader: Reader, indent: number, depth: number): JsonObject {
  const entries = new Map<string, unknown>();
  for (let line = reader.lines[reader.at]; line?.indent === indent; line = reader.lines[reader.at]) {
    const { number } = line;
    const found = keyOf(line.text) ?? reader.refuse("key: value", brief(line.text));
    let value: unknown;
    if (found.rest === "") {
      reader.at++;
      const next = reader.lines[reader.at];
      // a list may stand as far out as its key
      value = nested(reader, next && isItem(next) ? indent : indent + 1, depth + 1);
    } else value = inline(reader, line, found.rest, depth);
    setEntry(entries, found.key, value, (expected, what) => reader.refuse(expected, what, number));
  }
  return Object.fromEntries(entries);
}

/** A value in its line. */
function inline(reader: Reader, { indent, number }: Line, text: string, depth: number): unknown {
  const refuse: Refuse = (expected, found) => reader.refuse(expected, found, number);
  const value = lineValue(text, depth + 1, refuse);
  reader.at++;
  const next = reader.lines[reader.at];
  return next && next.indent > indent ? reader.refuse("a value in one line", brief(next.text)) : value;
}
