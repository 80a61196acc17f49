// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the code of cells
/** @file Standard decorators, accessors and classes; modules and everyday code of notebooks. */
import type { Snippet } from "./snippet.js";

/** Standard decorators (TypeScript 5.0) and `accessor`. */
export const DECORATORS: readonly Snippet[] = [
  [
    "a decorated method",
    "function loud(f: (this: unknown) => string, _: ClassMethodDecoratorContext) { return function (this: unknown) { return f.call(this).toUpperCase(); }; }\nclass D1 { @loud say() { return 'hi'; } }\nnew D1().say()",
    "'HI'",
  ],
  [
    "a generic method decorator",
    "function logged<This, A extends unknown[], R>(f: (this: This, ...a: A) => R, c: ClassMethodDecoratorContext<This, (this: This, ...a: A) => R>) { return function (this: This, ...a: A): R { names.push(String(c.name)); return f.call(this, ...a); }; }\nconst names: string[] = [];\nclass D2 { @logged add(a: number, b: number) { return a + b; } }\n[new D2().add(1, 2), names]",
    "[ 3, [ 'add' ] ]",
  ],
  [
    "a decorator with options",
    "const times = (n: number) => (f: (x: number) => number, _: ClassMethodDecoratorContext) => (x: number) => f(x) * n;\nclass D3 { @times(3) id(x: number) { return x; } }\nnew D3().id(2)",
    "6",
  ],
  [
    "a decorated field",
    "const plus = (n: number) => (_: undefined, c: ClassFieldDecoratorContext) => (v: number) => v + n;\nclass D4 { @plus(1) x = 1; }\nnew D4().x",
    "2",
  ],
  [
    "a decorated class",
    "const registry: string[] = []; const registered = <T extends abstract new (...a: never) => unknown>(_: T, c: ClassDecoratorContext<T>) => { registry.push(c.name ?? ''); };\n@registered class D5 {}\nregistry",
    "[ 'D5' ]",
  ],
  [
    "a decorator that replaces a class",
    "const sealed = <T extends new (...a: any[]) => object>(C: T, _: ClassDecoratorContext) => class extends C { sealed = true; };\n@sealed class D6 { x = 1; }\n(new D6() as D6 & { sealed: boolean }).sealed",
    "true",
  ],
  [
    "a decorated getter",
    "const twice = (f: () => number, _: ClassGetterDecoratorContext) => function (this: unknown) { return f.call(this as never) * 2; };\nclass D7 { n = 4; @twice get v(): number { return this.n; } }\nnew D7().v",
    "8",
  ],
  [
    "a decorated setter",
    "const clamp = (f: (v: number) => void, _: ClassSetterDecoratorContext) => function (this: unknown, v: number) { f.call(this as never, Math.min(v, 10)); };\nclass D8 { n = 0; @clamp set v(x: number) { this.n = x; } }\nconst d8 = new D8(); d8.v = 99; d8.n",
    "10",
  ],
  [
    "a decorated accessor",
    "function tracked<T, V>(t: ClassAccessorDecoratorTarget<T, V>, c: ClassAccessorDecoratorContext<T, V>): ClassAccessorDecoratorResult<T, V> { return { get() { reads.push(String(c.name)); return t.get.call(this); } }; }\nconst reads: string[] = [];\nclass D9 { @tracked accessor x = 5; }\n[new D9().x, reads]",
    "[ 5, [ 'x' ] ]",
  ],
  [
    "accessor",
    "class D10 { accessor v = 1; static accessor s = 2; }\nconst d10 = new D10(); d10.v++; [d10.v, D10.s, Object.keys(d10)]",
    "[ 2, 2, [] ]",
  ],
  ["a private accessor", "class D11 { accessor #v = 3; get() { return this.#v; } }\nnew D11().get()", "3"],
  [
    "addInitializer binds",
    "function bound(_: unknown, c: ClassMethodDecoratorContext) { c.addInitializer(function (this: any) { this[c.name] = this[c.name].bind(this); }); }\nclass D12 { n = 2; @bound get2() { return this.n; } }\nconst { get2 } = new D12(); get2()",
    "2",
  ],
  [
    "several decorators apply from the inside",
    "const tag = (t: string) => (f: () => string, _: ClassMethodDecoratorContext) => function (this: unknown) { return t + f.call(this as never); };\nclass D13 { @tag('a') @tag('b') go() { return 'c'; } }\nnew D13().go()",
    "'abc'",
  ],
  ["a static decorated method", "class D14 { @tag('s') static go() { return 't'; } }\nD14.go()", "'st'"],
  ["a private decorated method", "class D15 { @tag('p') #go() { return 'q'; } run() { return this.#go(); } }\nnew D15().run()", "'pq'"],
  [
    "a decorator's context",
    "const seen16: unknown[] = []; const see = (_: unknown, c: DecoratorContext) => { seen16.push([c.kind, c.name]); };\n@see class D16 { @see f = 1; @see m() {} @see static s = 2; }\nseen16",
    "[ [ 'method', 'm' ], [ 'field', 's' ], [ 'field', 'f' ], [ 'class', 'D16' ] ]",
  ],
  [
    "access of a decorated member",
    "let reader: (o: D17) => number = () => 0; class D17 { @((_: undefined, c: ClassFieldDecoratorContext<D17, number>) => { reader = c.access.get; }) v = 17; }\nreader(new D17())",
    "17",
  ],
  ["decorators before export", "@((_: unknown, __: ClassDecoratorContext) => {}) export class D18 { ok = true; }\nnew D18().ok", "true"],
  ["decorators after export", "export @((_: unknown, __: ClassDecoratorContext) => {}) class D19 { ok = 19; }\nnew D19().ok", "19"],
];

/** Classes, modules and code of notebooks under the newest compiler. */
export const NOTEBOOKS: readonly Snippet[] = [
  [
    "parameter properties",
    "class N1 { constructor(readonly x: number, private y = 2) {} sum() { return this.x + this.y; } }\nnew N1(1).sum()",
    "3",
  ],
  ["override", "class N2 { go() { return 1; } } class N3 extends N2 { override go() { return 2; } }\nnew N3().go()", "2"],
  ["definite assignment", "class N4 { x!: number; }\n'x' in new N4()", "true"],
  ["namespaces", "namespace N5 { export const a = 1; export function f() { return a + 1; } }\nN5.f()", "2"],
  ["namespaces merge with functions", "function n6() { return n6.count; }\nnamespace n6 { export const count = 6; }\nn6()", "6"],
  ["const enumerations", "const enum N7 { A = 1, B = A * 2 }\nN7.B", "2"],
  ["enumerations back from their values", "enum N8 { Up = 3 }\nN8[3]", "'Up'"],
  ["generic defaults", "class N9<T = string> { constructor(readonly v: T) {} }\nconst n9: N9 = new N9('a'); n9.v", "'a'"],
  [
    "mixins",
    "const Timed = <B extends new (...a: any[]) => object>(Base: B) => class extends Base { at = 10; };\nclass N10 extends Timed(Object) {}\nnew N10().at",
    "10",
  ],
  ["interfaces merge", "interface N11 { a: number } interface N11 { b: number }\nconst n11: N11 = { a: 1, b: 2 }; n11.a + n11.b", "3"],
  ["global augmentation of a type", "declare global { interface Array<T> { second?: T } }\n([] as number[]).second", "undefined"],
  ["top-level await of a list", "await Promise.all([1, Promise.resolve(2)])", "[ 1, 2 ]"],
  ["for await", "async function* n13() { yield 1; yield 2; }\nlet sum13 = 0; for await (const x of n13()) sum13 += x;\nsum13", "3"],
  ["instantiation expressions", "const makeMap = Map<string, number>; new makeMap([['a', 1]]).get('a')", "1"],
  [
    "unions with discriminants of templates",
    "type N15 = { t: `${string}.ok`; v: number } | { t: 'bad'; e: string };\nconst f15 = (x: N15) => x.t === 'bad' ? x.e : x.v; f15({ t: 'a.ok', v: 15 })",
    "15",
  ],
  [
    "recursive types",
    "type Json15 = string | number | Json15[] | { [k: string]: Json15 };\nconst j15: Json15 = { a: [1, 'b'] }; j15",
    "{ a: [ 1, 'b' ] }",
  ],
  [
    "mapped types with as",
    "type Getters<T> = { [K in keyof T & string as `get${Capitalize<K>}`]: () => T[K] };\nconst g16: Getters<{ name: string }> = { getName: () => 'x' }; g16.getName()",
    "'x'",
  ],
  [
    "tuples with optional and rest",
    "const f17 = (...[a, b = 2, ...c]: [number, number?, ...string[]]) => [a, b, c.length]; f17(1, undefined, 'x')",
    "[ 1, 2, 1 ]",
  ],
  [
    "labelled loops",
    "outer18: for (let i = 0; i < 3; i++) { for (let j = 0; j < 3; j++) { if (j === 1) continue outer18; if (i === 2) break outer18; } }\n'done'",
    "'done'",
  ],
  [
    "assertion as const of objects",
    "const c19 = { a: ['x', 'y'] } as const; type C19 = (typeof c19)['a'][number];\nconst v19: C19 = 'y'; v19",
    "'y'",
  ],
  ["Awaited", "type A20 = Awaited<Promise<Promise<number>>>; const a20: A20 = 20; a20", "20"],
  ["the old form of type assertions", "const t21 = <number>(1 as unknown); t21", "1"],
  ["getters in interfaces", "interface I22 { get v(): number; set v(x: number | string) }\nconst i22: I22 = { v: 1 }; i22.v", "1"],
  ["@ts-expect-error", "// @ts-expect-error a text is no number\nconst x23: number = 'a';\nx23", "'a'"],
  ["dynamic import of a package of Node", "const { sep } = await import('node:path'); sep", "'/'"],
  ["require", "const path26 = require('node:path');\npath26.basename('a/b')", "'b'"],
  ["export * from", "export * from './own.js';\n1", "1"],
  ["export * as", "export * as paths from 'node:path';\npaths.basename('a/c')", "'c'"],
  ["exports with a new name", "const first27 = 1;\nexport { first27 as second27 };\nfirst27", "1"],
  ["declare", "declare const never28: number;\ntypeof never28", "'undefined'"],
  ["JSX-free generics of arrows", "const id29 = <T,>(x: T): T => x; id29(29)", "29"],
  ["a cell that is a module", "/** @module loose */\nexport const same = (x) => x;", "undefined"],
  ["… is imported", "import { same } from './loose';\nsame(2)", "2"],
  ["globalThis", "var g30 = 30; typeof globalThis", "'object'"],
  ["Intl and dates", "new Intl.NumberFormat('en').format(1234.5)", "'1,234.5'"],
  ["fetch's types", "const f32: (r: Response) => number = (r) => r.status; f32(new Response(null, { status: 200 }))", "200"],
  ["timers of promises", "import { setTimeout as wait33 } from 'node:timers/promises';\nawait wait33(1, 'late')", "'late'"],
  ["buffers", "Buffer.from('aé').toString('hex')", "'61c3a9'"],
];
