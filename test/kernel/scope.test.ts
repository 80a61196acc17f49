/** @file One scope for a notebook: what earlier cells' functions see of later cells. Each case is a list of cells, and what the last one gives. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Client, contents, printed, startKernel } from "./client.js";

let folder: string;
let kernel: Client;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "veduta scope é-")); // a path with a space and an accent
  writeFileSync(join(folder, "late.mjs"), "export const ready = await Promise.resolve('yes');");
  writeFileSync(join(folder, "data.json"), '{"a":1}');
  writeFileSync(join(folder, "own.ts"), "export let value: number = 1;\nexport function grow() { return ++value; }");
  mkdirSync(join(folder, "home"));
  kernel = await startKernel("veduta", { cwd: folder });
});
afterAll(async () => {
  await kernel.close();
  rmSync(folder, { recursive: true });
});

/** Runs cells; the value of the last one as text, or its error. */
async function ran(cells: readonly string[]): Promise<string> {
  let last = "";
  for (const [k, cell] of cells.entries()) {
    const answer = await kernel.execute(cell);
    const [result] = contents(answer, "execute_result") as { data: Record<string, string> }[];
    last =
      answer.reply.status === "ok"
        ? (result?.data["text/plain"] ?? printed(answer).trimEnd())
        : `${answer.reply.ename}: ${answer.reply.evalue}`;
    if (k < cells.length - 1 && answer.reply.status !== "ok" && !/throws/.test(cell)) throw new Error(`cell ${k}: ${last}`);
  }
  return last;
}

describe("functions of earlier cells see what later cells do", () => {
  test.each<[string, readonly string[], string]>([
    ["an assignment", ["let count = 0;\nfunction inc() { return ++count; }", "inc(); inc();", "count = 0; inc()"], "1"],
    ["an arrow function's variable", ["let strength = 20;\nconst scaled = (x: number) => x * strength;", "strength = 0; scaled(1)"], "0"],
    [
      "a function that is declared anew",
      ["function unit() { return 'm'; }\nfunction shown() { return 1 + unit(); }", "function unit() { return 'km'; }", "shown()"],
      "'1km'",
    ],
    ["a variable that is declared anew", ["let side = 2; const area = () => side ** 2;", "let side = 3;", "area()"], "9"],
    [
      "another type",
      ["let thing: any = 1; const whatType = () => typeof thing;", "const thing = 'text';", "[whatType(), thing.length]"],
      "[ 'string', 4 ]",
    ],
    [
      "a class that is declared anew",
      ["class Dog { says() { return 'wau'; } }\nconst made = () => new Dog().says();", "class Dog { says() { return 'woof'; } }", "made()"],
      "'woof'",
    ],
    ["methods", ["let pitch = 1;\nclass Bell { ring() { return pitch; } }\nconst bell = new Bell();", "pitch = 5; bell.ring()"], "5"],
    ["default parameters", ["let base = 10; function from(x = base) { return x; }", "base = 11; from()"], "11"],
    ["generators", ["let end = 2; function* upTo() { for (let k = 0; k < end; k++) yield k; }", "end = 3; [...upTo()]"], "[ 0, 1, 2 ]"],
    ["async functions", ["let reply = 'a'; async function ask() { await null; return reply; }", "reply = 'b'; await ask()"], "'b'"],
    [
      "destructuring declarations",
      [
        "const { p, q: [r = 7, ...rest] } = { p: 1, q: [undefined, 2, 3] as (number | undefined)[] }; const sum = () => [p, r, rest];",
        "sum()",
      ],
      "[ 1, 7, [ 2, 3 ] ]",
    ],
    ["destructuring assignments", ["let one = 1, two = 2; const both = () => [one, two];", "[one, two] = [two, one]; both()"], "[ 2, 1 ]"],
    [
      "assignments by object patterns",
      [
        "let wide = 0, high = 0; const size = () => ({ wide, high });",
        "({ wide, h: high = 4 } = { wide: 3 } as { wide: number; h?: number }); size()",
      ],
      "{ wide: 3, high: 4 }",
    ],
    ["increments and compound assignments", ["let n = 1; const now = () => n;", "n++; n += 2; n **= 2; --n; now()"], "15"],
    ["loops over a variable", ["let item = 0; const seen = () => item;", "for (item of [1, 2, 3]); seen()"], "3"],
    ["loops over names", ["let key = ''; const lastKey = () => key;", "for (key in { a: 1, b: 2 }); lastKey()"], "'b'"],
    ["var inside a block", ["{ var inBlock = 4; }\nconst fromBlock = () => inBlock;", "inBlock = 6; fromBlock()"], "6"],
    ["var in a loop", ["for (var turn = 0; turn < 3; turn++);\nconst turns = () => turn;", "turn = 8; turns()"], "8"],
    [
      "timers",
      [
        "let tick = 1; let heard = 0; const later = new Promise<void>((done) => setTimeout(() => { heard = tick; done(); }, 300));",
        "tick = 2;",
        "await later; heard",
      ],
      "2",
    ],
    ["object shorthand", ["let red = 1; const colours = () => ({ red });", "red = 9; colours()"], "{ red: 9 }"],
    ["typeof", ["let maybe: unknown = 1; const kind = () => typeof maybe;", "maybe = 'x'; kind()"], "'string'"],
    ["enumerations", ["enum Mode { Off, On }\nconst modes = () => Object.keys(Mode).length;", "enum Mode { A, B, C }", "modes()"], "6"],
    [
      "a namespace",
      ["namespace Geo { export const one = 1; }\nconst geo = () => Object.keys(Geo);", "namespace Geo { export const two = 2; }", "geo()"],
      "[ 'two' ]",
    ],
    [
      "recursion",
      [
        "function down(k: number): number { return k === 0 ? 0 : down(k - 1); }\nconst first = down;",
        "function down(k: number): number { return -1; }",
        "first(3)",
      ],
      "-1",
    ],
  ])("%s", async (_, cells, expected) => expect(await ran(cells)).toBe(expected));
});

describe("what a function or a block declares is its own", () => {
  test.each<[string, readonly string[], string]>([
    ["parameters", ["let shade = 1; const dim = (shade: number) => shade * 2;", "[dim(5), shade]"], "[ 10, 1 ]"],
    ["blocks", ["let depth = 1;\n{ let depth = 2; depth++; }", "depth"], "1"],
    ["loops", ["let lap = 7; for (let lap = 0; lap < 2; lap++);", "lap"], "7"],
    ["catch clauses", ["let fault = 1; try { throw 2; } catch (fault) { fault = 3; }", "fault"], "1"],
    ["a function's variables", ["let inner = 1; function hides() { var inner = 2; return inner; }", "[hides(), inner]"], "[ 2, 1 ]"],
    [
      "a function expression's name",
      ["let me = 1; const named = function me() { return typeof me; };", "[named(), me]"],
      "[ 'function', 1 ]",
    ],
    [
      "a class's own name, which it uses while it is made",
      ["class Only { static one = new Only(); static all = [Only.one]; }", "Only.all[0] instanceof Only"],
      "true",
    ],
    [
      "property names and labels",
      [
        "let deep = 1; const nest = { deep: 2, get: (o: { deep: number }) => o.deep };\ndeep: for (;;) { break deep; }",
        "[nest.deep, nest.get({ deep: 3 }), deep]",
      ],
      "[ 2, 3, 1 ]",
    ],
  ])("%s", async (_, cells, expected) => expect(await ran(cells)).toBe(expected));
});

describe("a cell", () => {
  test.each<[string, readonly string[], string]>([
    ["calls a function before its declaration", ["const early = hoisted();\nfunction hoisted() { return 'up'; }\nearly"], "'up'"],
    [
      "gives functions and classes the names of their variables",
      ["const walk = () => {}; const Step = class {}; [walk.name, Step.name]"],
      "[ 'walk', 'Step' ]",
    ],
    [
      "calls functions without a receiver",
      ["function who(this: unknown) { return this === undefined || this === globalThis; }", "who()"],
      "true",
    ],
    [
      "calls tags without a receiver",
      [
        "function tag(this: unknown, parts: TemplateStringsArray) { return [parts[0], this === undefined || this === globalThis]; }",
        "tag`x`",
      ],
      "[ 'x', true ]",
    ],
    ["that throws keeps what it had declared", ["const kept = 1; throw new Error('throws');\nconst lost = 2;", "kept"], "1"],
    [
      "with export declares",
      [
        "export const stride = 4; export default function half(x: number) { return x / 2; }\nexport type Size = { w: number };",
        "export { stride };\nconst wide: Size = { w: 3 }; [half(stride), wide.w]",
      ],
      "[ 2, 3 ]",
    ],
    ["imports a module with a top-level await", ["const { ready } = await import('./late.mjs'); ready"], "'yes'"],
    ["imports JSON", ["import data from './data.json' with { type: 'json' };\ndata.a"], "1"],
    [
      "imports a TypeScript file beside it",
      ["import { grow } from './own.js';\nconst fresh = await import('./own.js'); [grow(), typeof fresh.grow]"],
      "[ 2, 'function' ]",
    ],
    [
      "has import.meta and __dirname",
      ["[import.meta.dirname === __dirname, __filename.startsWith(__dirname), import.meta.url.startsWith('file://')]"],
      "[ true, true, true ]",
    ],
    ["may begin with a long line of slashes", [`${"/".repeat(500)}\n// and more\n1 + 1`], "2"],
    ["with // @ts-nocheck is not checked", ["// @ts-nocheck\nconst wrong: string = 5; wrong"], "5"],
    [
      "finds veduta in a folder that has none",
      [
        "import { tensor, type Tensor } from 'veduta';\nimport { mul } from 'veduta/graph';\nimport { ssim } from 'veduta/metrics';\n[typeof tensor, typeof mul, typeof ssim]",
      ],
      "[ 'function', 'function', 'function' ]",
    ],
    [
      "is checked against veduta's types there",
      ["import type { Tensor } from 'veduta';\nconst t: Tensor = 5;"],
      "TypeScriptError: TS2322: Type 'number' is not assignable to type 'Tensor'.",
    ],
  ])("%s", async (_, cells, expected) => expect(await ran(cells)).toBe(expected));

  test.each([
    ["a text", "throw 'plain'", /plain/],
    ["an object", "throw { code: 7 }", /code: 7/],
    ["nothing", "throw undefined", /undefined/],
    ["null", "throw null", /null/],
  ])("shows what is thrown: %s", async (_, cell, message) => expect(await ran([cell])).toMatch(message));
});
