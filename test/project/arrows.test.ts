import { describe, expect, test } from "vitest";
import { faults, importsOf, readSources } from "../../scripts/arrows.mjs";

const root = new URL("../..", import.meta.url).pathname;

describe("import arrows", () => {
  test("the repository's imports follow them, without a cycle", () => {
    const sources = readSources(root);
    expect(Object.keys(sources).length).toBeGreaterThan(50);
    expect(faults(sources)).toEqual([]);
  });

  const sources = {
    "kernel-lib/core/a.ts": "",
    "kernel-lib/joint/b.ts": "",
    "kernel-lib/graph/session.ts": 'import "onnxruntime-node";',
    "kernel-lib/model.ts": "",
  };
  const refusals: Record<string, [Record<string, string>, string]> = {
    "an import from a later layer": [{ "kernel-lib/core/c.ts": 'import { b } from "../joint/b.js";' }, "no arrow leads from core to joint"],
    "a type from a later layer": [
      { "kernel-lib/core/c.ts": 'import type { B } from "../joint/b.js";' },
      "no arrow leads from core to joint",
    ],
    "an import in the middle of a function": [
      { "kernel-lib/core/c.ts": 'const b = () => import("../joint/b.js");' },
      "no arrow leads from core to joint",
    ],
    "a type named where it is used": [{ "kernel-lib/core/c.ts": 'let b: import("../joint/b.js").B;' }, "no arrow leads from core to joint"],
    "values where only types may be taken": [
      { "kernel-lib/notebook/c.ts": 'import { b } from "../joint/b.js";' },
      "no arrow leads from notebook to joint",
    ],
    "a re-export from a later layer": [
      { "kernel-lib/diffusion/c.ts": 'export { b } from "../joint/b.js";' },
      "no arrow leads from diffusion to joint",
    ],
    "the runtime outside its file": [
      { "kernel-lib/nets/c.ts": 'import * as ort from "onnxruntime-node";' },
      "only kernel-lib/graph/session.ts may",
    ],
    "the package by its own name": [{ "kernel-lib/run.ts": 'import { openModel } from "veduta";' }, "relative paths"],
    "a file that is not there": [{ "kernel-lib/run.ts": 'import { x } from "./gone.js";' }, "there is no kernel-lib/gone.ts"],
    "a folder without a row": [{ "kernel-lib/extra/c.ts": "" }, '"extra" is no layer'],
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

  test("what the arrows allow is allowed", () => {
    const planted = {
      "kernel-lib/notebook/c.ts": 'import type { B } from "../joint/b.js"; import { type B as C } from "../joint/b.js";',
      "kernel-lib/run-folder.ts": 'import { a } from "./core/a.js"; import { m } from "./model.js";',
      "kernel-lib/cli/paint.ts": 'import { r } from "../run-folder.js";',
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
