/** @file Reads one JSON object of a config, key by key. Every error names the file, the key, what was expected and what was found. */
import { CheckpointError } from "./errors.js";
import { brief, type JsonObject } from "./json.js";

interface Range {
  readonly min?: number;
  readonly max?: number;
}

/** The keys of one config. `fallback` is the value of an absent key; without a fallback the key is required. null is never a valid value. */
export interface Fields {
  /** A whole number; default range 1 to 65536. */
  whole(key: string, fallback?: number, range?: Range): number;
  /** A list of 1 to 64 whole numbers from 1 to 65536. */
  wholes(key: string, fallback?: readonly number[]): readonly number[];
  /** A finite number. */
  real(key: string, fallback?: number, range?: Range): number;
  yesNo(key: string, fallback: boolean): boolean;
  oneOf<const T extends string>(key: string, names: readonly T[], fallback?: T): T;
  listOf<const T extends string>(key: string, names: readonly T[], fallback?: readonly T[]): readonly T[];
  /** Whether the key is there and not null. */
  has(key: string): boolean;
  get(key: string): unknown;
  /** Refuses each key that is present with a value other than those listed. */
  only(fixed: Readonly<Record<string, readonly unknown[]>>): void;
  refuse(key: string, expected: string, found: unknown): never;
}

/** Reads `json`, the content of `file`. */
export function fieldsOf(file: string, json: JsonObject): Fields {
  const get = (key: string): unknown => (Object.hasOwn(json, key) ? json[key] : undefined);
  const getOr = (key: string, fallback: unknown): unknown => (Object.hasOwn(json, key) ? json[key] : fallback);
  const refuse = (key: string, expected: string, found: unknown): never => {
    throw new CheckpointError(file, { expected: `${key}: ${expected}`, found: brief(found) });
  };
  const number = (
    key: string,
    kind: string,
    fits: (x: number) => boolean,
    fallback: number | undefined,
    { min, max }: Required<Range>,
  ): number => {
    const value = getOr(key, fallback);
    if (typeof value !== "number" || !fits(value) || value < min || value > max) return refuse(key, `${kind} from ${min} to ${max}`, value);
    return value;
  };
  const isName = <T extends string>(value: unknown, names: readonly T[]): value is T => names.some((name) => name === value);
  return {
    get,
    refuse,
    has: (key) => get(key) !== undefined && get(key) !== null,
    whole: (key, fallback, { min = 1, max = 65536 } = {}) => number(key, "a whole number", Number.isSafeInteger, fallback, { min, max }),
    real: (key, fallback, { min = -1e6, max = 1e6 } = {}) => number(key, "a number", Number.isFinite, fallback, { min, max }),
    wholes(key, fallback) {
      const value = getOr(key, fallback);
      const fits = (x: unknown): x is number => typeof x === "number" && Number.isSafeInteger(x) && x >= 1 && x <= 65536;
      if (!Array.isArray(value) || value.length === 0 || value.length > 64 || !value.every(fits))
        return refuse(key, "1 to 64 whole numbers from 1 to 65536", value);
      return value;
    },
    yesNo(key, fallback) {
      const value = getOr(key, fallback);
      return typeof value === "boolean" ? value : refuse(key, "true or false", value);
    },
    oneOf(key, names, fallback) {
      const value = getOr(key, fallback);
      return isName(value, names) ? value : refuse(key, names.join(" or "), value);
    },
    listOf(key, names, fallback) {
      const value: unknown = getOr(key, fallback);
      if (!Array.isArray(value) || value.length === 0 || value.length > 64 || !value.every((name) => isName(name, names)))
        return refuse(key, `a list of ${names.join(", ")}`, value);
      return value;
    },
    only(fixed) {
      for (const [key, allowed] of Object.entries(fixed)) {
        const value = get(key);
        if (value !== undefined && !allowed.some((x) => Object.is(x, value))) refuse(key, allowed.map((x) => brief(x)).join(" or "), value);
      }
    },
  };
}
