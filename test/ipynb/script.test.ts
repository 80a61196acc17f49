/** @file What `veduta script` writes. Each case is a list of cells and the script's part from the first cell on. */
import { describe, expect, test } from "vitest";
import { notebookScript, type ScriptOptions } from "#kernel-lib/ipynb/script/notebook-script.js";
import { notebook } from "./fixtures.js";

const whole = (cells: readonly string[], language: ScriptOptions["language"] = "ts") => notebookScript(notebook(...cells), { language });
/** The code of each cell. */
const parts = (cells: readonly string[], language?: ScriptOptions["language"]) =>
  whole(cells, language)
    .split(/^\/\/ cell \d+\n/m)
    .slice(1)
    .map((part) => part.trim());

describe("a script", () => {
  test("has the cells' code in order, each last value shown, with imports at the top", () => {
    const cells = ['import { a } from "m";\nlet x = a', 'import { a, b as c } from "m";\nimport "side";\nexport const y = 2; y'];
    expect(whole(cells).split("async")[0]).toBe('import "side";\nimport { a } from "m";\nimport { b as c } from "m";\n\n');
    expect(parts(cells)).toEqual(["let x = a", "const y = 2;\nawait showValue(\ny\n);"]);
  });

  test.each<[string, readonly string[], readonly string[]]>([
    ["a variable keeps a type that all agree on", ["let x = 1", "const x = 2; // two"], ["let x = 1;", "x = 2; // two"]],
    ["else it is any", ["const x = 1", 'const x = "a"'], ["let x: any = 1;", 'x = "a";']],
    ["var stays var at its first place, and keeps its value after", ["var x = 1", "var x;\nlet x;"], ["var x: any = 1;", "x = undefined;"]],
    ["the others of a list stay", ["let x = 1", "const x = 2, y = 3"], ["let x = 1;", "x = 2; const y = 3;"]],
    [
      "a pattern is an assignment",
      ["let x = 1", "f()\nconst { x, y: [z = 1] } = g()"],
      ["let x: any = 1;", "f()\nlet z: any; ({ x, y: [z = 1] } = g());"],
    ],
    [
      "a function comes at the top of its cell, with its comment",
      ["function f() { return 1 }", "f()\n/** two */\nasync function* f(): any { yield f }\n3"],
      ["let f: any = function() { return 1 };", "/** two */\nf = async function*(): any { yield f };\nf()\nawait showValue(\n3\n);"],
    ],
    [
      "a class keeps its own name, and is a type",
      ["class C<T> { static one = new C() }", "class C {}"],
      ["let C: any = class C<T> { static one = new C() };\ntype C<_0 = any> = any;", "C = class C {};"],
    ],
    [
      "an enumeration begins anew",
      ["enum E { A }", "enum E { B }"],
      ["let E: any = (() => {\nenum E { A }\nreturn E;\n})();\ntype E = any;", "E = (() => {\nenum E { B }\nreturn E;\n})();"],
    ],
    [
      "var in a loop's head",
      ["let k = 1", "for (var k = 0, n = 2; k < n; k++);"],
      ["let k: any = 1;", "let n: any;\nfor (k = 0, n = 2; k < n; k++);"],
    ],
    ["var over a list", ["let k = 1", "for (var k of [1, 2]);"], ["let k: any = 1;", "for (k of [1, 2]);"]],
    ["var in a block", ["let k = 1", "if (k) var [k] = [4];"], ["let k: any = 1;", "if (k) { ([k] = [4]); }"]],
    [
      "names of functions and blocks are their own",
      ["let x = 1", "{ let x = 2 }\nfunction f(x) { var x = 3 }"],
      ["let x = 1", "{ let x = 2 }\nfunction f(x) { var x = 3 }"],
    ],
    [
      "an import of a name that means something else",
      ["const join = 1", 'import { join } from "node:path";\njoin'],
      ["let join: any = 1;", 'join = (await import("node:path")).join;\nawait showValue(\njoin\n);'],
    ],
    [
      "overloads and merged declarations are one",
      ["function f(a: 1): 1;\nfunction f(a: any) { return a }\nvar v = 1; var v = 2;"],
      ["function f(a: 1): 1;\nfunction f(a: any) { return a }\nvar v = 1; var v = 2;"],
    ],
    [
      "a cell with using is a block",
      ["using file = open()\nconst size = 2\nsize"],
      ["let size: any;\n{\nusing file = open()\nsize = 2;\nawait showValue(\nsize\n);\n}"],
    ],
  ])("%s", (_, cells, expected) => expect(parts(cells)).toEqual(expected));

  test("a type that comes again begins a block, which a script without types need not", () => {
    const cells = ["interface P { x: 1 }", 'import type { P } from "m";\ntype Q = P', "type Q = P"];
    expect(parts(cells)).toEqual(["interface P { x: 1 }", '{\ntype P = import("m").P;\ntype Q = P', "type Q = P\n\n}"]);
    expect(parts(cells, "js").join("")).not.toMatch(/[{}]/);
  });

  test("its own function has a name that no cell has", () => {
    expect(whole(["const showValue = 1", "2"])).toContain("await showValue_(\n2\n)");
  });

  test("a cell that does not parse is named", () => {
    expect(() => notebookScript(notebook("1", "const = 2"))).toThrow(/^cell 2: expected code that parses, found /);
  });
});
