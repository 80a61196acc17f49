// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the code of cells
/** @file Narrowing and control flow, TypeScript 5.3 to 5.9. */
import type { Snippet } from "./snippet.js";

/** TypeScript 5.3 and 5.4: import attributes, switch (true), narrowing on booleans, Symbol.hasInstance, closures, NoInfer. */
export const VERSION_53_54: readonly Snippet[] = [
  [
    "switch (true) narrows",
    "function what(x: string | number[] | null) { switch (true) { case x === null: return 'null'; case typeof x === 'string': return x.toUpperCase(); default: return x.length; } }\n[what('a'), what([1, 2]), what(null)]",
    "[ 'A', 2, 'null' ]",
  ],
  [
    "switch (true) falls through",
    "function size(x: unknown) { switch (true) { case typeof x === 'string': case Array.isArray(x): return x.length; } return -1; }\n[size('abc'), size(1)]",
    "[ 3, -1 ]",
  ],
  [
    "comparison to true narrows",
    "interface A { a: string } const isA = (x: object): x is A => 'a' in x;\nconst f1 = (x: object) => isA(x) === true ? x.a : 'no'; f1({ a: 'yes' })",
    "'yes'",
  ],
  [
    "comparison to false narrows",
    "const isText = (x: unknown): x is string => typeof x === 'string';\nconst f2 = (x: string | number) => isText(x) === false ? x.toFixed(1) : x; f2(2)",
    "'2.0'",
  ],
  [
    "instanceof narrows by Symbol.hasInstance",
    "class Even { static [Symbol.hasInstance](x: unknown): x is number { return typeof x === 'number' && x % 2 === 0; } }\nconst half = (x: unknown) => x instanceof Even ? x / 2 : 0; [half(4), half('4')]",
    "[ 2, 0 ]",
  ],
  [
    "super properties of an instance",
    "class Base { hi() { return 'hi'; } } class Sub extends Base { hi() { return super.hi() + '!'; } }\nnew Sub().hi()",
    "'hi!'",
  ],
  ["import attributes of JSON", "import data from './data.json' with { type: 'json' };\ndata.a", "1"],
  ["import attributes of import()", "(await import('./data.json', { with: { type: 'json' } })).default.a", "1"],
  [
    "resolution mode in a type import",
    "import type { Stats as Stats2 } from 'node:fs' with { 'resolution-mode': 'import' };\nconst st2: Stats2 | null = null; st2",
    "null",
  ],
  [
    "a closure after the last assignment narrows",
    "function url(u: string | URL, names: string[]) { if (typeof u === 'string') u = new URL(u); return names.map((n) => { u.searchParams.set(n, '1'); return u.search; }); }\nurl('http://a.b', ['x'])",
    "[ '?x=1' ]",
  ],
  [
    "a narrowed parameter in a callback",
    "function later(x: string | undefined) { if (x === undefined) x = 'none'; return [1].map(() => x.length); }\nlater(undefined)",
    "[ 4 ]",
  ],
  [
    "a narrowed let in a callback",
    "function lets(flag: boolean) { let v: string | number; if (flag) v = 'ab'; else v = 'c'; return [0].map(() => v.length); }\nlets(true)",
    "[ 2 ]",
  ],
  [
    "NoInfer",
    "function light<C extends string>(colors: C[], initial?: NoInfer<C>) { return initial ?? colors[0]; }\nlight(['red', 'green'], 'green')",
    "'green'",
  ],
  ["NoInfer in a default", "const pick = <T>(xs: T[], or: NoInfer<T>): T => xs[0] ?? or; pick([] as number[], 5)", "5"],
  [
    "conditional types with infer of keys",
    "type ReadonlyKeys<T> = { [K in keyof T as T[K] extends string ? K : never]: T[K] };\nconst rk: ReadonlyKeys<{ a: string; b: number }> = { a: 'x' }; rk",
    "{ a: 'x' }",
  ],
  ["template text types are number-like", "type Px = `${number}px`; const px: Px = '12px'; px", "'12px'"],
  ["template texts narrow indexes", "const table: { [k: `data-${string}`]: string } = { 'data-x': 'y' };\ntable['data-x']", "'y'"],
  [
    "string literal unions in templates",
    "type Edge = 'top' | 'left'; type Prop = `margin-${Edge}`;\nconst p: Prop = 'margin-left'; p",
    "'margin-left'",
  ],
  ["intrinsic text types", "const up: Uppercase<'abc'> = 'ABC'; const cap: Capitalize<'xy'> = 'Xy'; [up, cap]", "[ 'ABC', 'Xy' ]"],
  [
    "type predicates by this",
    "class Node1 { kids?: Node1[]; isParent(): this is this & { kids: Node1[] } { return this.kids !== undefined; } }\nconst nd = new Node1(); nd.kids = [nd]; nd.isParent() ? nd.kids.length : 0",
    "1",
  ],
  [
    "asserting functions",
    "function assertText(x: unknown): asserts x is string { if (typeof x !== 'string') throw new TypeError('no'); }\nconst un: unknown = 'abc'; assertText(un); un.length",
    "3",
  ],
  [
    "a const that aliases a condition",
    "function alias(x: string | number) { const isNum = typeof x === 'number'; return isNum ? x.toFixed() : x; }\nalias(3)",
    "'3'",
  ],
  [
    "destructured unions narrow together",
    "type Msg = { kind: 'n'; value: number } | { kind: 's'; value: string };\nconst show1 = ({ kind, value }: Msg) => kind === 'n' ? value.toFixed(1) : value.trim(); show1({ kind: 'n', value: 1 })",
    "'1.0'",
  ],
  [
    "tuples of arguments narrow together",
    "type Call = (...a: ['n', number] | ['s', string]) => string;\nconst call: Call = (kind, v) => kind === 'n' ? v.toFixed() : v; call('s', 'x')",
    "'x'",
  ],
  [
    "never in a switch",
    "type U = 'a' | 'b'; function all(u: U) { switch (u) { case 'a': return 1; case 'b': return 2; default: { const no: never = u; return no; } } }\nall('b')",
    "2",
  ],
];

/** TypeScript 5.5: inferred predicates, constant indexes, regular expressions, sets. */
export const VERSION_55: readonly Snippet[] = [
  ["filter infers a predicate", "const some: number[] = [1, null, 2].filter((x) => x !== null); some", "[ 1, 2 ]"],
  ["filter infers from undefined", "const lens = ['a', undefined].filter((x) => x !== undefined).map((x) => x.length); lens", "[ 1 ]"],
  ["filter infers from typeof", "const ns: number[] = [1, 'a', 2].filter((x) => typeof x === 'number'); ns", "[ 1, 2 ]"],
  [
    "filter infers from a tag",
    "type Ev = { t: 'a'; a: number } | { t: 'b'; b: string };\nconst evs: Ev[] = [{ t: 'a', a: 1 }, { t: 'b', b: 'x' }];\nevs.filter((e) => e.t === 'a').map((e) => e.a)",
    "[ 1 ]",
  ],
  [
    "a named function infers a predicate",
    "function isNum(x: unknown) { return typeof x === 'number'; }\nconst any1: unknown = 5; isNum(any1) ? any1.toFixed(1) : ''",
    "'5.0'",
  ],
  ["instanceof infers a predicate", "const ds: Date[] = [new Date(0), 1].filter((x) => x instanceof Date); ds.length", "1"],
  [
    "a constant index narrows",
    "function upper(o: Record<string, string | number>, k: string) { const v = typeof o[k] === 'string' ? o[k].toUpperCase() : ''; return v; }\nupper({ a: 'b' }, 'a')",
    "'B'",
  ],
  [
    "a constant index of an array narrows",
    "function at(xs: (string | null)[], i: number) { return xs[i] !== null ? xs[i].length : -1; }\n[at(['ab', null], 0), at(['ab', null], 1)]",
    "[ 2, -1 ]",
  ],
  ["named groups", "/(?<year>\\d{4})-(?<month>\\d\\d)/.exec('2024-06')?.groups?.year", "'2024'"],
  ["back references to groups", "/(?<q>['\"]).*?\\k<q>/.test(`'a'`)", "true"],
  ["lookbehind", "'a1 b2'.match(/(?<=b)\\d/)?.[0]", "'2'"],
  ["unicode properties", "/^\\p{Lu}/u.test('É')", "true"],
  ["the flag v", "/[\\p{L}--[a-z]]/v.test('É')", "true"],
  ["indices", "/b(c)/d.exec('abc')?.indices?.[1]", "[ 2, 3 ]"],
  ["sticky", "const st5 = /a/y; st5.lastIndex = 1; st5.test('ba')", "true"],
  ["matchAll with the rest", "[...'a1b2'.matchAll(/([a-z])(\\d)/g)].map(([, l, d]) => l + d)", "[ 'a1', 'b2' ]"],
  ["dotAll", "/a.b/s.test('a\\nb')", "true"],
  ["JSDoc imports do no harm", "/** @import { Stats } from 'node:fs' */\n/** @type {Stats | null} */\nconst js5 = null; js5", "null"],
  ["declarations that need no inference", "export const add5 = (a: number, b: number): number => a + b; add5(1, 2)", "3"],
  [
    "config with a generic of its own",
    "class Stack5<T> { #xs: T[] = []; push(x: T): this { this.#xs.push(x); return this; } get top(): T | undefined { return this.#xs.at(-1); } }\nnew Stack5<number>().push(1).push(2).top",
    "2",
  ],
  ["Set of unions", "const set5: Set<'a' | 'b'> = new Set(['a', 'b', 'a']); [...set5]", "[ 'a', 'b' ]"],
  ["Object.entries of a record", "Object.entries({ a: 1, b: 2 }).map(([k, v]) => `${k}${v}`)", "[ 'a1', 'b2' ]"],
];

/** TypeScript 5.6 to 5.9. */
export const VERSION_56_59: readonly Snippet[] = [
  ["nullish checks that can fail", "const maybe6 = (x?: string) => x ?? 'none'; [maybe6(), maybe6('a')]", "[ 'none', 'a' ]"],
  ["truthiness of a condition that can fail", "const n6 = [1].length as number; n6 ? 'some' : 'no'", "'some'"],
  ["while (true) needs no excuse", "let w6 = 0; while (true) { if (++w6 > 2) break; }\nw6", "3"],
  ["arbitrary names of imports and exports", "const odd6 = 1; export { odd6 as 'strange name' };\nodd6", "1"],
  ["built-in iterators", "const it6: IterableIterator<number> = [1, 2][Symbol.iterator](); [...it6]", "[ 1, 2 ]"],
  ["map iterators", "const m6 = new Map([['a', 1]]); const it6b = m6.entries(); it6b.next().value", "[ 'a', 1 ]"],
  [
    "a generator of three types",
    "function* g6(): Generator<number, string, boolean> { const more = yield 1; return more ? 'more' : 'less'; }\nconst i6 = g6(); i6.next(); i6.next(true)",
    "{ value: 'more', done: true }",
  ],
  ["an iterator's result narrows", "const i7 = [5][Symbol.iterator](); const r7 = i7.next(); r7.done ? 0 : r7.value + 1", "6"],
  ["side-effect imports", "import 'node:fs';\n'ok'", "'ok'"],
  [
    "a variable that is always initialised",
    "function init7(b: boolean) { let r: number; if (b) r = 1; else r = 2; const f = () => r; return f(); }\ninit7(false)",
    "2",
  ],
  [
    "a loop that initialises",
    "function loop7(xs: number[]) { let last: number | undefined; for (const x of xs) last = x; return last; }\nloop7([1, 2])",
    "2",
  ],
  [
    "indexes by computed method names",
    "const sym7 = Symbol('s'); class C7 { [sym7]() { return 7; } ['get' + 'x']() { return 8; } }\nnew C7()[sym7]()",
    "7",
  ],
  ["typed arrays with their buffers", "const u7: Uint8Array<ArrayBuffer> = new Uint8Array(new ArrayBuffer(2)); u7.length", "2"],
  [
    "a typed array over shared memory",
    "const s7: Int32Array<SharedArrayBuffer> = new Int32Array(new SharedArrayBuffer(8)); s7.buffer.byteLength",
    "8",
  ],
  ["typed arrays of any buffer", "const f7 = (x: Float32Array) => x.length; f7(new Float32Array(3))", "3"],
  ["copying methods of typed arrays", "new Uint8Array([3, 1]).toSorted()", "Uint8Array(2) [ 1, 3 ]"],
  [
    "granular checks of branches in returns",
    "const cache8 = new Map<string, URL>(); const url8 = (s: string): URL => cache8.get(s) ?? new URL(s); url8('http://a.b/').host",
    "'a.b'",
  ],
  [
    "conditional return types",
    "function pick8<T extends 'n' | 's'>(k: T): T extends 'n' ? number : string { return (k === 'n' ? 1 : 'one') as never; }\nconst r8: number = pick8('n'); r8",
    "1",
  ],
  ["require beside import", "import { join as join8 } from 'node:path';\njoin8('a', 'b')", "'a/b'"],
  ["erasable code", "type T8 = { a: number }; interface I8 extends T8 { b: string }\nconst e8 = { a: 1, b: 'x' } as I8; e8!.b", "'x'"],
  ["well-formed texts", "['a\\uD800'.isWellFormed(), 'a'.isWellFormed(), 'a\\uD800'.toWellFormed().length]", "[ false, true, 2 ]"],
  ["array at and Object.hasOwn", "[[1, 2].at(-1), Object.hasOwn({ a: 1 }, 'a')]", "[ 2, true ]"],
  ["error causes", "(new Error('a', { cause: 'b' })).cause", "'b'"],
  ["structuredClone", "structuredClone({ a: new Date(0) }).a.getTime()", "0"],
  ["AggregateError", "await Promise.any([Promise.reject(new Error('x'))]).catch((e: AggregateError) => e.errors.length)", "1"],
  ["numeric separators and logical assignment", "let l9: number | undefined; l9 ??= 1_000; l9 ||= 2; l9 &&= l9 + 1; l9", "1001"],
  ["private names in in", "class P9 { #x = 1; static is(o: object) { return #x in o; } }\n[P9.is(new P9()), P9.is({})]", "[ true, false ]"],
  ["static blocks", "class S9 { static v: number; static { this.v = 9; } }\nS9.v", "9"],
  ["optional chaining with calls", "const o9: { f?: (n: number) => number } = {}; [o9.f?.(1), o9?.f]", "[ undefined, undefined ]"],
  [
    "abstract classes and constructors",
    "abstract class A9 { abstract n(): number; twice() { return this.n() * 2; } }\nconst make9 = (C: new () => A9) => new C().twice(); make9(class extends A9 { n() { return 4; } })",
    "8",
  ],
  [
    "a type parameter inferred from returns",
    "const pipe9 = <A, B, C>(f: (a: A) => B, g: (b: B) => C) => (a: A): C => g(f(a)); pipe9((n: number) => n + 1, (n) => `${n}`)(1)",
    "'2'",
  ],
  ["unique symbols as keys", "const k9: unique symbol = Symbol('k'); const ok9: { [k9]: number } = { [k9]: 3 }; ok9[k9]", "3"],
];
