import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const CLI = fileURLToPath(new URL("../../dist/kernel-lib/cli.js", import.meta.url));
const LIBRARY = new URL("../../dist/kernel-lib/index.js", import.meta.url).href;
const PRELOAD = new URL("./modules.mjs", import.meta.url).href;
const folder = mkdtempSync(join(tmpdir(), "veduta-modules-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What one command takes seconds or many megabytes to load, and another does without. */
const HEAVY = ["tslab", "zeromq", "onnxruntime-node", "sharp", "jsdom", "undici", "marked", "temml", "typescript", "bullmq", "ioredis"];

/** The modules that a program loads. */
function modulesOf(...words: string[]): readonly string[] {
  const file = join(folder, "modules");
  writeFileSync(file, "");
  execFileSync(process.execPath, ["--import", PRELOAD, ...words], { env: { ...process.env, VEDUTA_MODULES: file }, cwd: folder });
  return readFileSync(file, "utf8").split("\n");
}

/** The folders of kernel-lib that modules are in. */
const foldersOf = (modules: readonly string[]) =>
  new Set(modules.flatMap((module) => /\/dist\/kernel-lib\/([^/]+)\//.exec(module)?.[1] ?? []));

/** The packages that a command loads. */
function packages(...words: string[]): readonly string[] {
  const modules = modulesOf(CLI, ...words);
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

  test("veduta --help loads the list of commands and none of them, veduta paint --help its own", () => {
    expect(foldersOf(modulesOf(CLI, "--help"))).toEqual(new Set(["cli"]));
    expect(foldersOf(modulesOf(CLI, "paint", "--help"))).toContain("methods");
  });

  test("the library loads no network, no sweep's engine and no protobuf before it is used", () => {
    const file = join(folder, "library.mjs");
    writeFileSync(file, `await import(${JSON.stringify(LIBRARY)});`);
    const modules = modulesOf(file);
    const folders = foldersOf(modules);
    expect(folders).toContain("methods");
    expect([...folders].filter((name) => ["nets", "hub"].includes(name))).toEqual([]);
    expect(modules.filter((module) => /node_modules\/(@bufbuild|yaml|onnx-buf)|sweeps\/local-engine|engine\/runtime/.test(module))).toEqual(
      [],
    );
  });

  test("a command that needs one is seen to load it", () => {
    const notebook = join(folder, "a.ipynb");
    writeFileSync(notebook, JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [] }));
    expect(packages("export", notebook)).toEqual(expect.arrayContaining(["marked", "temml"]));
    expect(packages("script", notebook)).toEqual(expect.arrayContaining(["typescript"]));
  });
});
