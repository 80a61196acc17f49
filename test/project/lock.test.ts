import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { lockFits, missingPackages } from "../../scripts/lock.mjs";

const machine = { platform: "linux", arch: "x64", libc: "glibc" };
const dependencies = { three: "0.187.0" };
const binaries = { "@img/linux": "1.0.0", "@img/musl": "1.0.0", "@img/mac": "1.0.0", "@img/no-windows": "1.0.0" };
const lock = {
  "": { dependencies },
  "node_modules/three": { version: "0.187.0", optionalDependencies: binaries, dependencies: { math: "2.0.0" } },
  "node_modules/math": { version: "1.0.0" }, // another's: three has its own
  "node_modules/three/node_modules/math": { version: "2.0.0" },
  "node_modules/@img/linux": { version: "1.0.0", optional: true, os: ["linux"], cpu: ["x64"], libc: ["glibc"] },
  "node_modules/@img/musl": { version: "1.0.0", optional: true, os: ["linux"], cpu: ["x64"], libc: ["musl"] },
  "node_modules/@img/mac": { version: "1.0.0", optional: true, os: ["darwin"], cpu: ["arm64"], dependencies: { tslib: "1.0.0" } },
  "node_modules/tslib": { version: "1.0.0", optional: true },
  "node_modules/@img/no-windows": { version: "1.0.0", optional: true, os: ["!win32"] },
};

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A repository with this lock file, and these packages installed as [place, version]. */
function repository(installed: readonly (readonly [string, string])[] = []): string {
  const root = mkdtempSync(join(tmpdir(), "veduta-lock-"));
  folders.push(root);
  const write = (path: string, value: unknown) => {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), JSON.stringify(value));
  };
  write("package.json", { dependencies });
  write("package-lock.json", { packages: lock });
  for (const [place] of installed) write(`${place}/package.json`, {});
  if (installed.length > 0)
    write("node_modules/.package-lock.json", { packages: Object.fromEntries(installed.map(([place, version]) => [place, { version }])) });
  return root;
}
const whole = [
  ["node_modules/three", "0.187.0"],
  ["node_modules/three/node_modules/math", "2.0.0"],
  ["node_modules/@img/linux", "1.0.0"],
  ["node_modules/@img/no-windows", "1.0.0"],
] as const;

describe("what is installed", () => {
  test("in a fresh clone everything is missing that this machine needs, and nothing that another one needs", () => {
    expect(missingPackages(repository(), machine).sort()).toEqual(whole.map(([place]) => place).sort());
  });

  test("a whole installation misses nothing, so nothing is installed twice", () => {
    expect(missingPackages(repository(whole), machine)).toEqual([]);
  });

  test("another version, another machine's binary and a folder that was deleted are missing", () => {
    expect(missingPackages(repository([["node_modules/three", "0.186.0"], ...whole.slice(1)]), machine)).toEqual(["node_modules/three"]);
    expect(missingPackages(repository(whole), { platform: "darwin", arch: "arm64", libc: undefined })).toEqual([
      "node_modules/@img/mac",
      "node_modules/tslib",
    ]);
    const root = repository(whole);
    rmSync(join(root, "node_modules/three"), { recursive: true });
    expect(missingPackages(root, machine)).toContain("node_modules/three");
  });

  test("the lock file fits package.json until a dependency changes", () => {
    const root = repository();
    expect(lockFits(root)).toBe(true);
    writeFileSync(join(root, "package.json"), JSON.stringify({ dependencies: { three: "0.188.0" } }));
    expect(lockFits(root)).toBe(false);
  });
});
