import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { FOLDERS, faults, importsOf, readSources } from "../../scripts/arrows.mjs";

const root = new URL("../..", import.meta.url).pathname;

describe("import arrows", () => {
  test("the repository's imports follow them, without a cycle", () => {
    const sources = readSources(root);
    expect(Object.keys(sources).length).toBeGreaterThan(50);
    expect(faults(sources)).toEqual([]);
  });

  test("a folder imports only from those before it, in the order of the design", () => {
    for (const [k, from] of FOLDERS.entries())
      for (const [j, to] of FOLDERS.entries()) {
        const planted = { [`kernel-lib/${from}/a.ts`]: `import type { b } from "../${to}/b.js";`, [`kernel-lib/${to}/b.ts`]: "" };
        expect(faults(planted).length > 0, `${from} to ${to}`).toBe(j > k);
      }
  });

  test("every folder of kernel-lib has its place in the order", () => {
    const folders = readdirSync(join(root, "kernel-lib"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(FOLDERS).toEqual(expect.arrayContaining(folders.map(({ name }) => name)));
  });

  const sources = {
    "kernel-lib/core/a.ts": "",
    "kernel-lib/panorama/p.ts": "",
    "kernel-lib/methods/b.ts": "",
    "kernel-lib/engine/session.ts": 'import "onnxruntime-node";',
    "kernel-lib/kernel/main.ts": "",
    "kernel-lib/index.ts": "",
    "kernel-lib/cli.ts": "",
  };
  const refusals: Record<string, [Record<string, string>, string]> = {
    "an import from a later folder": [{ "kernel-lib/core/c.ts": 'import { b } from "../methods/b.js";' }, "core may not import methods"],
    "a type from a later folder": [{ "kernel-lib/core/c.ts": 'import type { B } from "../methods/b.js";' }, "core may not import methods"],
    "an import in the middle of a function": [
      { "kernel-lib/core/c.ts": 'const b = () => import("../methods/b.js");' },
      "core may not import methods",
    ],
    "a type named where it is used": [{ "kernel-lib/core/c.ts": 'let b: import("../methods/b.js").B;' }, "core may not import methods"],
    "a re-export from a later folder": [
      { "kernel-lib/diffusion/c.ts": 'export { b } from "../methods/b.js";' },
      "diffusion may not import methods",
    ],
    "values of the library in the viewer": [
      { "viewer/src/c.ts": 'import { b } from "../../kernel-lib/methods/b.js";' },
      "viewer may not import methods",
    ],
    "the package's entry in a folder": [
      { "kernel-lib/cli/c.ts": 'import { b } from "../../kernel-lib/index.js";' },
      "cli may not import package",
    ],
    "the kernel in the package's entry": [
      { "kernel-lib/graph.ts": 'export { m } from "./kernel/main.js";' },
      "package may not import kernel",
    ],
    "the command line in models": [{ "models/a/c.ts": 'import { main } from "../../kernel-lib/cli.js";' }, "models may not import cli"],
    "the runtime outside its file": [
      { "kernel-lib/engine/c.ts": 'import * as ort from "onnxruntime-node";' },
      "only kernel-lib/engine/session.ts may",
    ],
    "the package by its own name": [{ "kernel-lib/runs/c.ts": 'import { openModel } from "veduta";' }, "relative paths"],
    "a sub-path of the package": [{ "kernel-lib/runs/c.ts": 'import { Graph } from "veduta/graph";' }, "relative paths"],
    "a file that is not there": [{ "kernel-lib/runs/c.ts": 'import { x } from "./gone.js";' }, "there is no kernel-lib/runs/gone.ts"],
    "a folder without a place": [{ "kernel-lib/extra/c.ts": "" }, '"extra" is no folder'],
    "a cycle": [
      { "kernel-lib/core/c.ts": 'import { d } from "./d.js";', "kernel-lib/core/d.ts": 'import { c } from "./c.js";' },
      "a cycle of imports: kernel-lib/core/c.ts -> kernel-lib/core/d.ts -> kernel-lib/core/c.ts",
    ],
  };
  test.each(Object.entries(refusals))("%s is found", (_, [planted, message]) => {
    const found = faults({ ...sources, ...planted });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(message);
  });

  test("what the rule allows is allowed", () => {
    const planted = {
      "kernel-lib/cli.ts": 'import { m } from "./kernel/main.js";',
      "kernel-lib/index.ts": 'export { a } from "./core/a.js";',
      "models/a/c.ts": 'import { x } from "../../kernel-lib/index.js"; import { b } from "../../kernel-lib/methods/b.js";',
      "viewer/src/c.ts": 'import { p } from "../../kernel-lib/panorama/p.js"; import type { B } from "../../kernel-lib/methods/b.js";',
    };
    expect(faults({ ...sources, ...planted })).toEqual([]);
  });

  test("imports are read with what they leave after compiling", () => {
    const text =
      'import a from "a"; import type b from "b"; import { type c } from "c"; import { type d, e } from "d"; export type { f } from "f"; import "g";';
    expect(importsOf("x.ts", text).map(({ specifier, kind }) => `${specifier} ${kind}`)).toEqual([
      "a value",
      "b type",
      "c type",
      "d value",
      "f type",
      "g value",
    ]);
  });
});
