/** @file A method's file, read: the algorithm in its doc comment, and the code that is that algorithm. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { ROOT } from "../scripts/paths.mjs";

/**
 * @typedef {object} MethodSource
 * @property {string} file in the repository
 * @property {string} intro the text above the algorithm
 * @property {readonly { readonly kind: "code" | "text", readonly text: string }[]} algorithm blocks of pseudo-code, and the text between them
 * @property {string} rest the text below it
 * @property {string} code
 * @property {Readonly<Record<string, string>>} tags such as `source`
 */

const FOLDERS = ["joint", "edit", "pyramid"].map((name) => `kernel-lib/methods/${name}`);
const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name}`),
);

/** The method's file. @param {string} name */
function fileOf(name) {
  const found = files.find((file) => new RegExp(`^  name: "${name}",$`, "m").test(readFileSync(join(ROOT, file), "utf8")));
  if (!found) throw new Error(`method ${name}: no file of kernel-lib/methods has it`);
  return found;
}

/** @param {string} name a method's @returns {MethodSource} */
export function methodSource(name) {
  const file = fileOf(name);
  const text = readFileSync(join(ROOT, file), "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const generators = nodesOf(source, (node) =>
    Boolean((ts.isMethodDeclaration(node) || ts.isFunctionDeclaration(node)) && node.asteriskToken && node.body),
  );
  const code = generators[0];
  if (!code) throw new Error(`${file}: no generator of steps`);
  // the comment above the algorithm: of the method's constant, else of the generator
  const owner = ts.isFunctionDeclaration(code)
    ? code
    : source.statements.find((statement) => statement.pos <= code.pos && code.end <= statement.end);
  const comment =
    owner &&
    ts
      .getLeadingCommentRanges(text, owner.pos)
      ?.map(({ pos, end }) => text.slice(pos, end))
      .findLast((words) => words.startsWith("/**"));
  if (!comment) throw new Error(`${file}: no comment above the algorithm`);
  return { file, ...docOf(comment), code: dedented(text.slice(code.getStart(source), code.end)) };
}

/** @param {ts.Node} root @param {(node: ts.Node) => boolean} fits */
function nodesOf(root, fits) {
  /** @type {ts.Node[]} */
  const found = [];
  const visit = (/** @type {ts.Node} */ node) => {
    if (fits(node)) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(root);
  return found;
}

/** @param {string} text whose first line is not indented */
function dedented(text) {
  const indent = Math.min(
    ...text
      .split("\n")
      .slice(1)
      .filter((line) => line.trim())
      .map((line) => /^ */.exec(line)?.[0].length ?? 0),
  );
  return text.replaceAll(`\n${" ".repeat(indent)}`, "\n");
}

/** A doc comment in its parts: what is indented is the algorithm. @param {string} comment @returns {Pick<MethodSource, "intro" | "algorithm" | "rest" | "tags">} */
function docOf(comment) {
  const lines = comment
    .replace(/^\/\*\*\n?/, "")
    .replace(/\s*\*\/$/, "")
    .split("\n")
    .map((line) => line.replace(/^ \* ?/, ""));
  const firstTag = lines.findIndex((line) => /^@\w/.test(line));
  const [told, tagged] = firstTag < 0 ? [lines, []] : [lines.slice(0, firstTag), lines.slice(firstTag)];
  const blocks = told
    .join("\n")
    .split(/\n\n+/)
    .filter((block) => block.trim())
    .map((block) =>
      /^ {2}/.test(block)
        ? { kind: /** @type {const} */ ("code"), text: dedentedAll(block) }
        : { kind: /** @type {const} */ ("text"), text: block },
    );
  const first = blocks.findIndex(({ kind }) => kind === "code");
  const last = blocks.findLastIndex(({ kind }) => kind === "code");
  const joined = (/** @type {typeof blocks} */ some) => some.map(({ text }) => text).join("\n\n");
  const tags = tagged
    .join("\n")
    .split(/^@/m)
    .filter(Boolean)
    .map((tag) => [
      /^\w+/.exec(tag)?.[0],
      tag
        .replace(/^\w+\s*/, "")
        .replace(/\s*\n\s*/g, " ")
        .trim(),
    ]);
  return {
    intro: joined(blocks.slice(0, first)),
    algorithm: blocks.slice(first, last + 1),
    rest: joined(blocks.slice(last + 1)),
    tags: Object.fromEntries(tags),
  };
}

/** @param {string} block */
function dedentedAll(block) {
  const lines = block.split("\n");
  const indent = Math.min(...lines.filter((line) => line.trim()).map((line) => /^ */.exec(line)?.[0].length ?? 0));
  return lines.map((line) => line.slice(indent)).join("\n");
}
