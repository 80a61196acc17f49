/** @file Reads untrusted JSON: bounded size and depth, no duplicate keys, an object at the top; also the infinities that Python writes. */
import { CheckpointError } from "./errors.js";
import { readText } from "./files.js";

/** An object from JSON, its values unchecked. */
export type JsonObject = { readonly [key: string]: unknown };

/** Maximum nesting of a checkpoint's JSON. JSON.parse's stack grows with the depth. */
const MAX_DEPTH = 32;

/** A value in one short line, for error messages. */
export function brief(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = (typeof value === "string" ? JSON.stringify(value.slice(0, 200)) : JSON.stringify(value, summarize)) ?? String(value);
  return text.length <= 120 ? text : `${text.slice(0, 117)}...`;
}

// Large values are cut before they are serialised, so that an error about a huge file stays cheap.
function summarize(_key: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.length > 20 ? [...value.slice(0, 20), "..."] : value;
  if (typeof value === "string") return value.slice(0, 200);
  if (typeof value === "object" && value !== null && Object.keys(value).length > 20)
    return Object.fromEntries(Object.entries(value).slice(0, 20));
  return value;
}

/** Whether a value is a JSON object (not an array, not null). */
export const isObject = (value: unknown): value is JsonObject => typeof value === "object" && value !== null && !Array.isArray(value);

/** Reads a JSON file whose top value is an object. */
export const readJson = (file: string, options?: { readonly maxBytes?: number }): JsonObject => parseJson(file, readText(file, options));

/**
 * Parses JSON text whose top value is an object.
 * @throws CheckpointError if it is not JSON, nests deeper than 32, has a duplicate key, or is not an object
 */
export function parseJson(file: string, text: string): JsonObject {
  const value = parseJsonValue(file, text);
  if (!isObject(value)) throw new CheckpointError(file, { expected: "a JSON object", found: brief(value) });
  return value;
}

/**
 * Parses JSON text with any top value.
 * @throws CheckpointError if it is not JSON, nests deeper than 32, or has a duplicate key
 */
export function parseJsonValue(file: string, text: string): unknown {
  const infinities = checkNesting(file, text);
  try {
    return JSON.parse(withInfinities(text, infinities));
  } catch (error) {
    throw new CheckpointError(file, { expected: "JSON", found: error instanceof Error ? error.message.slice(0, 200) : "something else" });
  }
}

const QUOTE = 34;
const BACKSLASH = 92;

const INFINITY = "Infinity";

/** Python writes Infinity and -Infinity, which JSON has no words for: 1e999 is read as infinity. @param places where the word stands */
function withInfinities(text: string, places: readonly number[]): string {
  let [made, from] = ["", 0];
  for (const at of places) {
    made += `${text.slice(from, at)}1e999`;
    from = at + INFINITY.length;
  }
  return made + text.slice(from);
}

// Runs before JSON.parse: the depth bounds the parser's memory, and JSON.parse itself keeps only the last of two equal keys.
// Returns where Infinity stands outside of texts.
function checkNesting(file: string, text: string): number[] {
  const infinities: number[] = [];
  const keys: Set<string>[] = [];
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === QUOTE) {
      const start = i;
      let escaped = false;
      for (i++; i < text.length && text.charCodeAt(i) !== QUOTE; i++) {
        if (text.charCodeAt(i) !== BACKSLASH) continue;
        escaped = true;
        i++;
      }
      let after = i + 1;
      while (" \t\r\n".includes(text[after] ?? "x")) after++;
      if (text[after] !== ":" || keys.length === 0) continue;
      const key = escaped ? keyOf(text.slice(start, i + 1)) : text.slice(start + 1, i);
      const seen = keys[keys.length - 1];
      if (seen.has(key)) throw new CheckpointError(file, { expected: "each key once", found: `${brief(key)} twice` });
      seen.add(key);
    } else if (c === 123 || c === 91) {
      keys.push(new Set());
      if (keys.length > MAX_DEPTH)
        throw new CheckpointError(file, { expected: `JSON nested at most ${MAX_DEPTH} deep`, found: "deeper nesting" });
    } else if (c === 125 || c === 93) keys.pop();
    else if (c === 73 /* I */ && /^[\s:,[-]Infinity(?![^\s,\]}])/.test(text.slice(i - 1, i + 9))) infinities.push(i);
  }
  return infinities;
}

function keyOf(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted;
  }
}
