/** The table of kernels in docs/notebooks.md is one that `npm run bench:kernels` has printed: row by row what it tries. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ROWS } from "../../bench/kernels/rows.mjs";

const [table = ""] = /^\|[^\n]*\| tslab [^\n]*\n(?:\|.*\n)+/m.exec(readFileSync("docs/notebooks.md", "utf8")) ?? [];
const [head = [], , ...rows] = table
  .trim()
  .split("\n")
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

test("the docs' table of kernels has the rows that the command tries, each with an answer of every kernel", () => {
  expect(head.map((name) => name.replace(/ [\d.]+$/, ""))).toEqual(["", "Veduta", "tslab", "Deno", "ijavascript"]);
  expect(rows.map(([feature]) => feature)).toEqual(ROWS.map(({ feature }) => feature));
  for (const [feature, ...cells] of rows) expect([feature, cells.every((cell) => cell !== ""), cells.length]).toEqual([feature, true, 4]);
});
