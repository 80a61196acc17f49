/** @file Files and functions of kernel-lib stay small enough to be read in one sitting. */
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { readSources } from "../../scripts/arrows.mjs";

const LINES_OF_FILE = 250;
const LINES_OF_FUNCTION = 80;

const sources = Object.entries(readSources(join(import.meta.dirname, "../.."))).filter(([file]) => file.startsWith("kernel-lib/"));
const linesOf = (text: string): number => text.trimEnd().split("\n").length;

test(`no file of kernel-lib has more than ${LINES_OF_FILE} lines`, () => {
  expect(sources.filter(([, text]) => linesOf(text) > LINES_OF_FILE).map(([file, text]) => `${file}: ${linesOf(text)}`)).toEqual([]);
});

test(`no function of kernel-lib has more than ${LINES_OF_FUNCTION} lines`, () => {
  const long = sources.flatMap(([file, text]) => {
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isFunctionLike(node) && "body" in node && node.body) {
        const lines = linesOf(node.getText(source));
        if (lines > LINES_OF_FUNCTION)
          found.push(`${file}:${source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1}: ${lines}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  });
  expect(long).toEqual([]);
});
