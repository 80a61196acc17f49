import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const page = (name: string): string => readFileSync(join(ROOT, name), "utf8");
/** Pages that name npm scripts. */
const PAGES = ["README.md", "CONTRIBUTING.md", "docs/devices.md", "docs/notebooks.md", "docs/training.md"];
const options = (text: string): string[] => [...new Set(text.match(/(?<![\w-])--[a-z][a-z-]*/g))].sort();

describe("the pages", () => {
  test.each(["paint", "edit"])("the command line's page has every option of veduta %s, and no other", (command) => {
    const help = execFileSync(process.execPath, [join(ROOT, "dist/kernel-lib/cli.js"), command, "--help"], { encoding: "utf8" });
    const sections = page("docs/command-line.md").split(/^## /m);
    const flags = sections
      .filter((section) => section.startsWith(`veduta ${command}\n`) || section.startsWith("Options of both\n"))
      .flatMap((section) => section.split("\n"))
      .flatMap((line) => /^\| `(--[a-z-]+)/.exec(line)?.[1] ?? []);
    expect(flags.sort()).toEqual(options(help).filter((option) => !["--help", "--no-loop"].includes(option)));
  });

  test("the npm scripts that the pages name are there", () => {
    const { scripts } = JSON.parse(page("package.json"));
    const named = PAGES.flatMap((name) => [...page(name).matchAll(/npm run ([\w:]+)/g)].map(([, script]) => script));
    expect(named.length).toBeGreaterThan(10);
    for (const name of ["start", "test", ...named]) expect(scripts, name).toHaveProperty([name]);
  });
});
