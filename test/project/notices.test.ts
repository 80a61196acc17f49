import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { embeddedPackages, notices } from "../../scripts/notices.mjs";

const ROOT = resolve(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

describe("notices of what the pages embed", () => {
  test("THIRD_PARTY_NOTICES names every embedded package with version and licence text (node scripts/notices.mjs writes it)", async () => {
    const packages = await embeddedPackages();
    expect(packages).toContain("three");
    expect(read("THIRD_PARTY_NOTICES")).toBe(await notices());
    for (const name of packages)
      expect(read("THIRD_PARTY_NOTICES")).toContain(`${name} ${JSON.parse(read(`node_modules/${name}/package.json`)).version}`);
  });

  test("the script in the pages keeps three's licence comment", () => {
    const script = read("dist/viewer/veduta-viewer.js");
    expect(script).toMatch(/@license[^*]*\*?\s*Copyright[^*]*Three\.js Authors/);
    expect(script).toContain("SPDX-License-Identifier: MIT");
  });
});
