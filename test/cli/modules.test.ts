import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const CLI = fileURLToPath(new URL("../../dist/kernel-lib/cli.js", import.meta.url));
const PRELOAD = new URL("./modules.mjs", import.meta.url).href;
const folder = mkdtempSync(join(tmpdir(), "veduta-modules-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What one command takes seconds or many megabytes to load, and another does without. */
const HEAVY = ["tslab", "zeromq", "onnxruntime-node", "sharp", "jsdom", "undici", "marked", "temml", "typescript", "bullmq", "ioredis"];

/** The packages that a command loads. */
function packages(...words: string[]): readonly string[] {
  const file = join(folder, words.join("-").replaceAll("/", "_"));
  writeFileSync(file, "");
  execFileSync(process.execPath, ["--import", PRELOAD, CLI, ...words], { env: { ...process.env, VEDUTA_MODULES: file }, cwd: folder });
  const modules = readFileSync(file, "utf8").split("\n");
  expect(modules.some((module) => module.endsWith("/dist/kernel-lib/cli.js"))).toBe(true);
  return [...new Set(modules.flatMap((module) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(module)?.[1] ?? []))].map((name) =>
    name.replace(/^@tslab\//, ""),
  );
}

describe("the command line loads what its command needs", () => {
  const HELPS = [
    ["--help"],
    ...["paint", "sweep", "work", "view", "run", "export", "script", "lab", "kernel", "models"].map((name) => [name, "--help"]),
  ];
  test.each(HELPS.map((words) => [words.join(" "), words] as const))("veduta %s loads commander and no heavy package", (_, words) => {
    const loaded = packages(...words);
    expect(loaded).toContain("commander");
    expect(loaded.filter((name) => HEAVY.includes(name))).toEqual([]);
  });

  test("a command that needs one is seen to load it", () => {
    const notebook = join(folder, "a.ipynb");
    writeFileSync(notebook, JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [] }));
    expect(packages("export", notebook)).toEqual(expect.arrayContaining(["marked", "temml"]));
    expect(packages("script", notebook)).toEqual(expect.arrayContaining(["typescript"]));
  });
});
