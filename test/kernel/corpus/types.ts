// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the code of cells
/** @file Constant types, inference and narrowing, TypeScript 5.0 to 5.9. */
import type { Snippet } from "./snippet.js";

/** TypeScript 5.0: `const` type parameters, enumerations as unions, `export type *`, overloads in satisfies. */
export const VERSION_50: readonly Snippet[] = [
  [
    "a const type parameter keeps a tuple",
    "function tuple<const T extends readonly unknown[]>(...xs: T): T { return xs; }\nconst t: readonly [1, 'a'] = tuple(1, 'a'); t",
    "[ 1, 'a' ]",
  ],
  [
    "a const type parameter keeps literals",
    "const named = <const T extends { name: string }>(x: T) => x.name as T['name'];\nconst n: 'ada' = named({ name: 'ada' }); n",
    "'ada'",
  ],
  [
    "a const type parameter of nested objects",
    "function freeze<const T>(x: T): T { return x; }\nconst deep: { readonly a: readonly [1, { readonly b: 2 }] } = freeze({ a: [1, { b: 2 }] }); deep.a[1].b",
    "2",
  ],
  [
    "a const type parameter of a method",
    "class Box { put<const T>(x: T): T { return x; } }\nconst put: readonly ['x'] = new Box().put(['x']); put[0]",
    "'x'",
  ],
  [
    "a const type parameter of routes",
    "function routes<const T extends readonly string[]>(all: T): { [K in T[number]]: K } { return Object.fromEntries(all.map((x) => [x, x])) as never; }\nroutes(['home', 'away']).home",
    "'home'",
  ],
  [
    "an enumeration is a union of its members",
    "enum Fruit { Apple = 1, Pear = 2 }\nfunction cost(f: Fruit): number { switch (f) { case Fruit.Apple: return 10; case Fruit.Pear: return 20; } }\ncost(Fruit.Pear)",
    "20",
  ],
  ["an enumeration with computed members", "enum Len { One = 'a'.length, Three = 'abc'.length }\nconst l: Len.Three = Len.Three; l", "3"],
  ["an enumeration of template texts", "enum Path { Root = '/', Api = `${Root}api` }\nPath.Api", "'/api'"],
  ["an enumeration with constants of its own", "const base = 4; enum Bits { A = base << 1, B = A | 1 }\n[Bits.A, Bits.B]", "[ 8, 9 ]"],
  [
    "members of enumerations narrow",
    "enum Side { Left, Right }\nconst side = (): Side => Side.Right;\nconst at = side(); at === Side.Left ? 'l' : 'r'",
    "'r'",
  ],
  [
    "satisfies checks and keeps the type",
    "const palette = { red: [255, 0, 0], green: '#0f0' } satisfies Record<string, string | number[]>;\npalette.green.toUpperCase() + palette.red.length",
    "'#0F03'",
  ],
  [
    "satisfies with as const",
    "const modes = ['a', 'b'] as const satisfies readonly string[];\nconst mode: 'a' | 'b' = modes[1]; mode",
    "'b'",
  ],
  [
    "satisfies gives parameters their types",
    "const acts = { go: (n) => n + 1 } satisfies Record<string, (n: number) => number>; acts.go(1)",
    "2",
  ],
  ["satisfies in a return", "function conf() { return { port: 80 } satisfies { port: number }; }\nconf().port", "80"],
  ["satisfies on a default export", "export default { a: 1 } satisfies Record<string, number>;", "{ a: 1 }"],
  [
    "overloads resolve by relation",
    "function kind(x: 1): 'one'; function kind(x: number): 'many'; function kind(x: number): string { return x === 1 ? 'one' : 'many'; }\nconst k: 'many' = kind(2); k",
    "'many'",
  ],
  [
    "infer with extends",
    "type First<T> = T extends [infer H extends string, ...unknown[]] ? H : never;\nconst h: First<['x', 1]> = 'x'; h",
    "'x'",
  ],
  [
    "variance annotations",
    "interface Source<out T> { get(): T } interface Sink<in T> { set(x: T): void }\nconst src: Source<unknown> = { get: () => 1 } as Source<number>; src.get()",
    "1",
  ],
  ["relational operators on numbers", "const low = 1 as number, high = 2; low < high", "true"],
  ["bigint literals", "const big = 2n ** 64n; big", "18446744073709551616n"],
  [
    "type-only import with a value import",
    "import { type Stats, existsSync } from 'node:fs';\nconst s: Stats | undefined = undefined; [s, existsSync('/')]",
    "[ undefined, true ]",
  ],
  ["type namespace import", "import type * as fsTypes from 'node:fs';\nconst st: fsTypes.PathLike = 'x'; st", "'x'"],
  ["export type of nothing", "type Shape = { r: number };\nexport type { Shape };\nconst sh: Shape = { r: 2 }; sh.r", "2"],
  ["resolution customised by `in`", "const hasLen = (x: object) => 'length' in x ? x.length : 0; hasLen([1, 2])", "2"],
];

/** TypeScript 5.1 and 5.2: undefined-returning functions, unrelated accessors, named tuples, `using`, methods on unions of arrays. */
export const VERSION_51_52: readonly Snippet[] = [
  [
    "a function that returns undefined needs no return",
    "function nothing(): undefined {}\nconst run = (f: () => undefined) => f(); [run(nothing)]",
    "[ undefined ]",
  ],
  ["a function expression of type undefined", "const quiet: () => undefined = () => {}; typeof quiet()", "'undefined'"],
  [
    "getters and setters of unrelated types",
    "class Style { #v = ''; get size(): string { return this.#v; } set size(v: number) { this.#v = `${v}px`; } }\nconst style = new Style(); style.size = 4; style.size",
    "'4px'",
  ],
  [
    "accessors of unrelated types in an object",
    "const dial = { v: 1, get at(): number { return this.v; }, set at(x: string) { this.v = Number(x); } }; dial.at = '7'; dial.at",
    "7",
  ],
  ["tuples with some names", "type Pair<T> = [first: T, T];\nconst pair: Pair<number> = [1, 2]; pair", "[ 1, 2 ]"],
  ["named rest of a tuple", "type Line = [head: string, ...rest: number[]];\nconst line: Line = ['a', 1, 2]; line.length", "3"],
  ["spread of a tuple with names", "type AB = [a: 1, b: 2]; type ABC = [...AB, c: 3];\nconst abc: ABC = [1, 2, 3]; abc[2]", "3"],
  ["filter on a union of arrays", "const either = [1, 2, 3] as number[] | string[]; either.filter((x) => !!x).length", "3"],
  ["find on a union of arrays", "const eith = ['a'] as string[] | Date[]; eith.find((x) => !!x)", "'a'"],
  [
    "some and every on a union of arrays",
    "const ms = [1] as number[] | boolean[]; [ms.some((x) => !!x), ms.every((x) => !!x)]",
    "[ true, true ]",
  ],
  [
    "using in a block",
    "const log: string[] = [];\n{ using a = { [Symbol.dispose]() { log.push('a'); } }; log.push('in'); }\nlog",
    "[ 'in', 'a' ]",
  ],
  [
    "using disposes in reverse",
    "const order: number[] = [];\n{ using a = { [Symbol.dispose]() { order.push(1); } }; using b = { [Symbol.dispose]() { order.push(2); } }; }\norder",
    "[ 2, 1 ]",
  ],
  ["using in a cell", "let gone = 0;\nusing res = { [Symbol.dispose]() { gone++; } };\ngone", "0"],
  ["… is disposed at its end", "gone", "1"],
  [
    "await using in a cell",
    "let closed = '';\nawait using file = { async [Symbol.asyncDispose]() { await null; closed = 'yes'; } };\nclosed",
    "''",
  ],
  ["… is closed at its end", "closed", "'yes'"],
  [
    "using in a for loop",
    "const seen: number[] = [];\nfor (using r of [1, 2].map((k) => ({ k, [Symbol.dispose]() { seen.push(-k); } }))) seen.push(r.k);\nseen",
    "[ 1, -1, 2, -2 ]",
  ],
  [
    "using in a function",
    "function scoped(out: string[]) { using x = { [Symbol.dispose]() { out.push('end'); } }; out.push('run'); return out.length; }\nconst outs: string[] = []; [scoped(outs), outs]",
    "[ 1, [ 'run', 'end' ] ]",
  ],
  [
    "await using in an async function",
    "async function held() { const t: string[] = []; { await using x = { async [Symbol.asyncDispose]() { t.push('d'); } }; t.push('u'); } return t; }\nawait held()",
    "[ 'u', 'd' ]",
  ],
  ["using null", "{ using none = null; }\n'fine'", "'fine'"],
  [
    "a class that is Disposable",
    "class Temp implements Disposable { open = true; [Symbol.dispose]() { this.open = false; } }\nconst temp = new Temp(); { using t = temp; }\ntemp.open",
    "false",
  ],
  [
    "an error while a using is open",
    "const note: string[] = [];\ntry { using x = { [Symbol.dispose]() { note.push('freed'); } }; throw new Error('e'); } catch (e) { note.push((e as Error).message); }\nnote",
    "[ 'freed', 'e' ]",
  ],
  [
    "Symbol.dispose as a type",
    "type Closable = { [Symbol.dispose](): void };\nconst isClosable = (x: object): x is Closable => Symbol.dispose in x; isClosable({ [Symbol.dispose]() {} })",
    "true",
  ],
  [
    "copying array methods",
    "const xs = [3, 1, 2]; [xs.toSorted(), xs.with(0, 9), xs.toReversed(), xs.toSpliced(0, 2)]",
    "[ [ 1, 2, 3 ], [ 9, 1, 2 ], [ 2, 1, 3 ], [ 2 ] ]",
  ],
  ["findLast", "[1, 2, 3, 4].findLast((x) => x % 2 === 1)", "3"],
  ["symbols as weak keys", "const weak = new WeakSet<symbol>(); const key = Symbol('k'); weak.add(key); weak.has(key)", "true"],
  [
    "decorator metadata where Symbol.metadata is there",
    "(Symbol as { metadata?: symbol }).metadata ??= Symbol('metadata');\nconst mark = (_: unknown, context: DecoratorContext) => { context.metadata.seen = context.name; };\nclass Marked { @mark go() {} }\n(Marked as unknown as Record<symbol, { seen: string }>)[Symbol.metadata].seen",
    "'go'",
  ],
];
