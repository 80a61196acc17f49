/** @file What pages say of the code is so: messages, kinds of errors, methods. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { allMethods } from "#kernel-lib/methods/methods.js";
import { ROOT, read } from "./pages.js";

const sources = ["kernel-lib", "scripts", "viewer/src"]
  .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`))
  .filter((name) => /\.(ts|mjs)$/.test(name))
  .map(read)
  .join("\n")
  .replace(/\$\{[^{}]*\}/g, "…"); // what differs

/** The cells of a table's first column, in code. */
const messages = [...read("docs/troubleshooting.md").matchAll(/^\| (`[^|]*)\|/gm)].flatMap(({ 1: cell }) =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text),
);

describe("docs/troubleshooting.md", () => {
  test("has messages as the code says them, word by word between what differs", () => {
    expect(messages.length).toBeGreaterThan(40);
    const unsaid = messages.filter((message) =>
      message.split("…").some((part) => part.trim().length > 3 && !sources.includes(part.trim())),
    );
    expect(unsaid).toEqual([]);
  });

  test("has a section for every kind of error that the library throws", () => {
    const kinds = [...read("kernel-lib/core/errors.ts").matchAll(/^export class (\w+)/gm)].map(([, name]) => name);
    expect(kinds.length).toBeGreaterThan(7);
    const page = read("docs/troubleshooting.md");
    expect(kinds.filter((kind) => !page.includes(`\`${kind}\``))).toEqual([]);
  });
});

describe("docs/methods.md", () => {
  const page = read("docs/methods.md");
  /** The methods that a table names, in its first column. */
  const rowsUnder = (heading: string): string[] => {
    const section = page.slice(page.indexOf(`\n${heading}\n`)).split(/\n#+ /)[1];
    return [...section.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name);
  };
  const names = (family: "panorama" | "edit" | "pyramid"): string[] => allMethods(family).map(({ name }) => name);

  test("says of every joint method what it costs and what it cannot do, from which its page on the site is made", () => {
    expect(rowsUnder("### What each costs")).toEqual(names("panorama"));
    expect(rowsUnder("### What each cannot do")).toEqual(names("panorama"));
  });
  test("says so of every edit and pyramid method", () => {
    const table = page.slice(page.lastIndexOf("<!-- end -->"));
    for (const name of [...names("edit"), ...names("pyramid")]) expect(table, name).toContain(`| \`${name}\` |`);
  });
});
