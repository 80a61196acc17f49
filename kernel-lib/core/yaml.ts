/** @file Configuration files in YAML, as data alone: without anchors, aliases and tags. Values mean what PyYAML makes of them (YAML 1.1). */
import { isNode, LineCounter, parseDocument, visit } from "yaml";
import { CheckpointError } from "./errors.js";
import { brief, isObject, type JsonObject } from "./json.js";

/**
 * Parses a file whose top is a mapping.
 * @param file for error messages
 * @throws CheckpointError naming the line, for what is no YAML, for several documents, and for anchors, aliases and tags
 */
export function parseYaml(file: string, text: string): JsonObject {
  const lines = new LineCounter();
  const refuse = (expected: string, found: string, at: number): never => {
    throw new CheckpointError(file, { expected, found: `${found}, in line ${Math.max(1, lines.linePos(at).line)}` });
  };
  try {
    const document = parseDocument(text, {
      version: "1.1",
      merge: false,
      uniqueKeys: true,
      stringKeys: true,
      prettyErrors: false,
      lineCounter: lines,
      customTags: (tags) =>
        tags.filter((tag) => tag !== "timestamp" && (typeof tag === "string" || tag.tag !== "tag:yaml.org,2002:timestamp")),
    });
    for (const { message, pos } of document.errors) refuse("YAML", message, pos[0]);
    visit(document, {
      Alias: (_, node) => refuse("data without aliases", `*${node.source}`, node.range?.[0] ?? 0),
      Node: (_, node) => {
        if ("anchor" in node && node.anchor) refuse("data without anchors", `&${node.anchor}`, node.range?.[0] ?? 0);
        if (isNode(node) && node.tag) refuse("data without tags", node.tag, node.range?.[0] ?? 0);
      },
    });
    // the library takes a word such as e5 for a number
    visit(document, {
      Scalar(_, node) {
        if (Number.isNaN(node.value) && !/nan/i.test(node.source ?? "")) node.value = node.source;
      },
    });
    for (const { message, pos } of document.warnings) refuse("YAML", message, pos[0]);
    const value: unknown = document.toJS();
    return isObject(value) ? value : refuse("keys with values", brief(value), 0);
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    // the library reads nested values by recursion
    return refuse("YAML", error instanceof RangeError ? "too many levels" : String(error), 0);
  }
}
