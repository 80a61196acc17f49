/** @file Pages of the documentation that are made from the sources are what the sources say now. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PAGE, withFloors } from "../../scripts/floors.mjs";
import { PAGES, withTables } from "../../scripts/option-tables.mjs";

const root = new URL("../..", import.meta.url).pathname;

describe("pages made from the sources are current", () => {
  test.each(PAGES)("%s: node scripts/option-tables.mjs writes it", (page) => {
    const text = readFileSync(page, "utf8");
    expect(withTables(text)).toBe(text);
  });
  test("ARCHITECTURE.md's floors: node scripts/floors.mjs writes them", () => {
    const text = readFileSync(PAGE, "utf8");
    expect(withFloors(text)).toBe(text);
  });
});

test("README is at most 120 lines", () => {
  expect(readFileSync(join(root, "README.md"), "utf8").trimEnd().split("\n").length).toBeLessThanOrEqual(120);
});
