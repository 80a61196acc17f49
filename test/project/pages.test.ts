/** @file Pages of the documentation that are made from the sources are what the sources say now. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
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

describe("links between pages", () => {
  const pages = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "bench/gpu/README.md", "notebooks/README.md"].concat(
    readdirSync(join(root, "docs")).flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : [])),
  );
  test.each(pages)("of %s lead to files that are there", (page) => {
    const links = [...readFileSync(join(root, page), "utf8").matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, link]) => link);
    const broken = links.filter((link) => !/^(https?|mailto):/.test(link) && !existsSync(join(root, dirname(page), link)));
    expect(broken).toEqual([]);
  });
});

test("README is at most 120 lines", () => {
  expect(readFileSync(join(root, "README.md"), "utf8").trimEnd().split("\n").length).toBeLessThanOrEqual(120);
});
