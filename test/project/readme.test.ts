import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const readme = readFileSync(join(ROOT, "README.md"), "utf8");
const options = (text: string): string[] => [...new Set(text.match(/(?<![\w-])--[a-z][a-z-]*/g))].sort();

describe("README", () => {
  test("its table has every option of veduta paint, and no other", () => {
    const help = execFileSync(process.execPath, [join(ROOT, "dist/kernel-lib/cli.js"), "paint", "--help"], { encoding: "utf8" });
    const table = readme.split("\n").filter((line) => line.startsWith("| `--"));
    expect(options(table.join("\n"))).toEqual(options(help).filter((option) => option !== "--help"));
  });

  test("the npm scripts it names are there", () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    const named = [...readme.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(5);
    for (const name of ["start", "test", ...named]) expect(scripts, name).toHaveProperty([name]);
  });

  test("the folders it lists are there", () => {
    const folders = [...readme.matchAll(/^\| `([a-z][\w/-]*)` \|/gm)].map(([, name]) => name);
    expect(folders).toContain("kernel-lib/core");
    for (const folder of folders) expect(existsSync(join(ROOT, folder)), folder).toBe(true);
  });
});
