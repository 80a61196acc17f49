/**
 * @file What a value from a file must be, and what is said where it is not: valibot's schemas with our words. A misfit names the field, what was
 * wanted there and what was found. This is the only file that imports valibot.
 */
import * as v from "valibot";
import { CheckpointError } from "./errors.js";
import { brief, isObject, type JsonObject } from "./json.js";

/** What a value must be. */
export type Form<T> = v.GenericSchema<unknown, T>;
/** What a form makes of a value that fits. */
export type Fitting<F extends Form<unknown>> = v.InferOutput<F>;

/** Where a value does not fit. */
export interface Misfit {
  /** such as cells[1].source; "" for the whole value */
  readonly field: string;
  readonly want: string;
  readonly found: string;
}

/** The value, where it fits; keys that the form does not name are left out. Else throws what `refuse` makes of the first misfit. */
export function expectForm<T>(form: Form<T>, value: unknown, refuse: (misfit: Misfit) => Error): T {
  const result = v.safeParse(form, value, { abortEarly: true });
  if (result.success) return result.output;
  const [{ path, message, input }] = result.issues;
  throw refuse({ field: fieldOf(path ?? []), want: message, found: brief(input) });
}

/** The fields of a file's JSON. @throws CheckpointError naming file, field, what was wanted and what was found */
export const readForm = <T>(file: string, form: Form<T>, json: unknown): T =>
  expectForm(
    form,
    json,
    ({ field, want, found }) => new CheckpointError(file, { expected: field === "" ? want : `${field}: ${want}`, found }),
  );

/** The error of a field that fits alone, but not together with others. */
export const misfit = (file: string, field: string, want: string, found: unknown): CheckpointError =>
  new CheckpointError(file, { expected: `${field}: ${want}`, found: brief(found) });

const fieldOf = (path: readonly { readonly key?: unknown }[]): string =>
  path.reduce((place, { key }) => {
    if (typeof key === "number") return `${place}[${key}]`;
    if (!/^\w+$/.test(String(key))) return `${place}[${JSON.stringify(key)}]`;
    return place === "" ? String(key) : `${place}.${key}`;
  }, "");

interface Range {
  readonly min?: number;
  readonly max?: number;
}

/** Any test, with its words. */
export const form = <T>(want: string, fits: (value: unknown) => boolean): Form<T> => v.custom<T>(fits, want);

/** Takes any value. */
export const anything: Form<unknown> = v.unknown();

/** A whole number; 1 to 65536 unless told. */
export function whole({ min = 1, max = 65536 }: Range = {}): Form<number> {
  const want = max === Number.POSITIVE_INFINITY ? `a whole number >= ${min}` : `a whole number from ${min} to ${max}`;
  return v.pipe(v.number(want), v.safeInteger(want), v.minValue(min, want), v.maxValue(max, want));
}

/** A finite number. */
export function real({ min = -1e6, max = 1e6 }: Range = {}): Form<number> {
  const want = max === Number.POSITIVE_INFINITY ? "a number" : `a number from ${min} to ${max}`;
  return v.pipe(v.number(want), v.finite(want), v.minValue(min, want), v.maxValue(max, want));
}

/** True or false. */
export const yesNo: Form<boolean> = v.boolean("true or false");

/** Text of a shape, in the words of its pattern unless told. */
export const text = (shape = /^/, want = shape.source === "^" ? "a text" : `text like ${shape.source}`): Form<string> =>
  v.pipe(v.string(want), v.regex(shape, want));

/** One of some values. */
export const oneOf = <const T extends string>(names: readonly T[], want: string = names.join(" or ")): Form<T> => v.picklist(names, want);

/** One value alone. */
export const is = <const T extends number | string>(value: T): Form<T> => v.literal(value, JSON.stringify(value));

/** 1 to 64 of these names. */
export const listOf = <const T extends string>(names: readonly T[]): Form<readonly T[]> =>
  form(
    `a list of ${names.join(", ")}`,
    (value) => isShortList(value) && value.every((name) => (names as readonly unknown[]).includes(name)),
  );

/** 1 to 64 whole numbers from 1 to 65536. */
export const wholes: Form<readonly number[]> = form(
  "1 to 64 whole numbers from 1 to 65536",
  (value) => isShortList(value) && value.every((x) => Number.isSafeInteger(x) && Number(x) >= 1 && Number(x) <= 65536),
);

const isShortList = (value: unknown): value is readonly unknown[] => Array.isArray(value) && value.length > 0 && value.length <= 64;

/** Either of two forms, in words for both. */
export const either = <A, B>(a: Form<A>, b: Form<B>, want: string): Form<A | B> => v.union([a, b], want);

/** Keys that are absent or have one of the values that change nothing; any other value is refused by name. */
export const only = <Key extends string>(fixed: Readonly<Record<Key, readonly unknown[]>>): Record<Key, Optional<unknown>> => {
  const allow = (allowed: readonly unknown[]) =>
    optional(form(allowed.map(brief).join(" or "), (value) => allowed.some((x) => same(x, uniform(value)))));
  return Object.fromEntries(Object.entries<readonly unknown[]>(fixed).map(([key, allowed]) => [key, allow(allowed)])) as Record<
    Key,
    Optional<unknown>
  >;
};

/** Whether two values are one; lists are so by their entries. */
const same = (a: unknown, b: unknown): boolean =>
  Object.is(a, b) || (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((x, k) => same(x, b[k])));

/** The one value that a list of equal entries, such as one per level, repeats; any other value as it is. */
const uniform = (value: unknown): unknown =>
  isShortList(value) && value.every((x) => typeof x !== "object" && Object.is(x, value[0])) ? value[0] : value;

/** A value, or a list of equal ones that stands for it. */
export const uniformly = <T>(one: Form<T>): Form<T> => v.pipe(v.unknown(), v.transform(uniform), one);

type Optional<T> = v.OptionalSchema<Form<T>, undefined>;

/** A key that may be absent, with what stands for it then. null is no value of any type. */
export const optional = v.optional;
/** The same, and null counts as absent. */
export const nullish = v.nullish;

/** An object of these fields. */
export const object = <E extends v.ObjectEntries>(entries: E, want = "an object") =>
  v.pipe(
    v.custom<JsonObject>(isObject, want),
    // a key that is missing is refused in the words of its form
    v.object(entries, ({ path }) => wordsOf(entries[String(path?.[0].key)]) ?? want),
  );

const wordsOf = (entry: unknown): string | undefined => {
  const { message } = entry as { readonly message?: unknown };
  return typeof message === "string" ? message : undefined;
};

/** An object of these fields, and of any others of one form. */
export const objectWith = <E extends v.ObjectEntries, T>(entries: E, rest: Form<T>, want = "an object") =>
  v.pipe(
    v.custom<JsonObject>(isObject, want),
    v.objectWithRest(entries, rest, ({ path }) => wordsOf(entries[String(path?.[0].key)]) ?? want),
  );

/** A list whose entries have one form. */
export const list = <T>(item: Form<T>, want = "a list"): Form<T[]> => v.array(item, want);

/** An object whose values are all of one form. */
export const record = <T>(value: Form<T>, want = "an object"): Form<Record<string, T>> =>
  v.pipe(v.custom<Record<string, unknown>>(isObject, want), v.record(v.string(), value));

/** An object whose form depends on itself, such as on its type. */
export const dependent = <T>(choose: (value: JsonObject) => Form<T>, want = "an object"): Form<T> =>
  v.lazy((value) => (isObject(value) ? choose(value) : form<T>(want, () => false)));
