/**
 * @file A method's options as a table: each option's meaning, default and valid values. Types, checks, command-line flags, help, report and
 * documentation follow from the table.
 */

import { type GivenPicture, pictureOfWords } from "../conditions/given-picture.js";
import type { Tensor } from "../core/tensor.js";

/** One option of type T. */
export interface OptionSpec<T> {
  /** what it means, in one clause */
  readonly means: string;
  /** the default in words, if it depends on other options or on the model */
  readonly otherwise?: string;
  /** what a value must be, in words: "a whole number >= 1" */
  readonly want: string;
  readonly fits: (value: unknown) => boolean;
  /** absent if the command line cannot give it */
  readonly flag?: Flag<T>;
}
/** An option with a constant default. */
export interface DefaultedSpec<T> extends OptionSpec<T> {
  readonly default: T;
}

/** How the command line gives an option. */
export interface Flag<T> {
  /** default: the option's name in kebab case, "syncEvery" -> "--sync-every" */
  readonly name?: string;
  /** the name of its value in the help, such as "n"; absent for a flag that takes none */
  readonly value?: string;
  /** the words that it takes, if they are few */
  readonly choices?: readonly string[];
  /** Parses the flag's value. @throws RangeError for an invalid one */
  readonly parse?: (word: string) => T;
  /** The word that `parse` makes the value of; default String(value), for values that are no objects. */
  word?(value: T): string;
  /**
   * In place of `parse`, for a flag that may stand several times: makes one value of all its words, and reads the files that they name.
   * @param decode reads a picture's file, [1,3,H,W] in [0,1]: given, since methods also run where there are no files
   * @throws RangeError, CheckpointError
   */
  readonly load?: (words: readonly string[], decode: (file: string) => Promise<Tensor>) => Promise<T>;
  /** The words that `load` makes the value of. */
  words?(value: T): readonly string[];
}

/** A method's options by name. */
export type OptionTable = Readonly<Record<string, OptionSpec<unknown>>>;

/** The options that a table describes; all are optional. */
export type ValuesOf<Table extends OptionTable> = { readonly [K in keyof Table]?: Table[K] extends OptionSpec<infer T> ? T : never };
/** The options that a table describes, with its defaults filled in. */
export type DefaultedOf<Table extends OptionTable> = {
  readonly [K in keyof Table]: Table[K] extends DefaultedSpec<infer T> ? T : Table[K] extends OptionSpec<infer T> ? T | undefined : never;
};

/** What all constructors of options below take. */
export interface OptionWords {
  readonly means: string;
  readonly otherwise?: string;
  /** the flag's name, if it differs from the option's; null: the command line has no flag for it */
  readonly flag?: string | null;
}

/** An option that is a whole number, `least` or more. */
export function wholeOption(words: OptionWords & { readonly least: number; readonly default: number }): DefaultedSpec<number>;
export function wholeOption(words: OptionWords & { readonly least: number }): OptionSpec<number>;
export function wholeOption({ least, ...words }: OptionWords & { readonly least: number }): OptionSpec<number> {
  const want = `a whole number >= ${least}`;
  const fits = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= least;
  return specOf(words, { want, fits }, { value: "n", parse: numberFrom(want, fits) });
}

/** An option that is a number which later code checks against the model and the other options, such as a width that must tile. */
export function sizeOption(words: OptionWords & { readonly default: number }): DefaultedSpec<number>;
export function sizeOption(words: OptionWords): OptionSpec<number>;
export function sizeOption(words: OptionWords): OptionSpec<number> {
  const spec = wholeOption({ ...words, least: 1 });
  return { ...spec, want: "a number", fits: (value) => typeof value === "number" };
}

/** Bounds of a number; both are allowed values. */
export interface NumberBounds {
  readonly least?: number;
  readonly most?: number;
}

/** An option that is a number within bounds, where there are any. */
export function realOption(words: OptionWords & NumberBounds & { readonly default: number }): DefaultedSpec<number>;
export function realOption(words: OptionWords & NumberBounds): OptionSpec<number>;
export function realOption({
  least = Number.NEGATIVE_INFINITY,
  most = Number.POSITIVE_INFINITY,
  ...words
}: OptionWords & NumberBounds): OptionSpec<number> {
  const from = Number.isFinite(least) ? ` >= ${least}` : "";
  const to = Number.isFinite(most) ? ` <= ${most}` : "";
  const want = from && to ? `a number from ${least} to ${most}` : `a number${from}${to}`;
  const fits = (value: unknown) => Number.isFinite(value) && (value as number) >= least && (value as number) <= most;
  return specOf(words, { want, fits }, { value: "x", parse: numberFrom(want, fits) });
}

/** An option that is a text. */
export function textOption(options: OptionWords & { readonly default: string }): DefaultedSpec<string>;
export function textOption(options: OptionWords): OptionSpec<string>;
export function textOption(options: OptionWords): OptionSpec<string> {
  return specOf(options, { want: "a text", fits: (value) => typeof value === "string" }, { value: "text", parse: (word) => word });
}

/** An option that is one of some words. */
export function choiceOption<const Word extends string>(
  words: OptionWords & { readonly choices: readonly Word[]; readonly default: Word },
): DefaultedSpec<Word>;
export function choiceOption<const Word extends string>(words: OptionWords & { readonly choices: readonly Word[] }): OptionSpec<Word>;
export function choiceOption<const Word extends string>({
  choices,
  ...words
}: OptionWords & { readonly choices: readonly Word[] }): OptionSpec<Word> {
  const want = `one of ${choices.join(", ")}`;
  const fits = (value: unknown) => choices.some((choice) => choice === value);
  const parse = (word: string): Word => {
    if (!fits(word)) throw new RangeError(`want ${want}`);
    return word as Word;
  };
  return specOf<Word, typeof words>(words, { want, fits }, { value: "name", choices, parse });
}

/** An option that is true or false: a flag without a value, and its opposite "--no-…". */
export const toggleOption = (words: OptionWords & { readonly default: boolean }): DefaultedSpec<boolean> =>
  specOf<boolean, typeof words>(words, { want: "true or false", fits: (value) => typeof value === "boolean" }, {});

/** An option that only code can give, such as a tensor. @param want what it must be, in words */
export const givenOption = <T>({
  means,
  otherwise,
  want,
}: Pick<OptionWords, "means" | "otherwise"> & { readonly want: string }): OptionSpec<T> => ({
  means,
  otherwise,
  want,
  fits: (value) => typeof value === "object" && value !== null,
});

/** An option that is a picture: a flag with a file, or in code a tensor or what `pictureOfSize` takes. @param file of the picture in a run's folder */
export const pictureOption = ({
  means,
  file,
  flag,
}: Pick<OptionWords, "means"> & { readonly flag: string; readonly file: string }): OptionSpec<Tensor | GivenPicture> => ({
  ...givenOption<Tensor | GivenPicture>({ means, otherwise: "none", want: "a tensor, or { image, fit }" }),
  flag: { name: flag, value: "file", load: pictureOfWords, words: () => [`${file}.png`] },
});

/** Joins an option's words, its check, and its flag if it has one. */
function specOf<T, W extends OptionWords>(
  { flag, ...words }: W,
  value: Pick<OptionSpec<T>, "want" | "fits">,
  form: Omit<Flag<T>, "name">,
): Omit<W, "flag"> & OptionSpec<T> {
  return { ...words, ...value, ...(flag === null ? {} : { flag: { ...form, ...(flag === undefined ? {} : { name: flag }) } }) };
}

const numberFrom =
  (want: string, fits: (value: unknown) => boolean) =>
  (word: string): number => {
    const value = word.trim() === "" ? Number.NaN : Number(word);
    if (!fits(value)) throw new RangeError(`want ${want}`);
    return value;
  };

/** The name of an option's flag; undefined if it has none. */
export const flagName = (key: string, { flag }: OptionSpec<unknown>): string | undefined =>
  flag && (flag.name ?? `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);

/** An option's default in words; undefined if it has none. */
export function defaultInWords(spec: OptionSpec<unknown>): string | undefined {
  if (spec.otherwise !== undefined) return spec.otherwise;
  if (!("default" in spec)) return undefined;
  if (typeof spec.default === "boolean") return spec.default ? "yes" : "no";
  return spec.default === "" ? "none" : String(spec.default);
}

/**
 * Takes the table's options out of `options`, checks them and fills in the defaults.
 * @throws RangeError "name value: want …" for an invalid value
 */
export function takeOptions<Table extends OptionTable>(table: Table, options: Readonly<Record<string, unknown>>): DefaultedOf<Table> {
  const entries = Object.entries(table).map(([key, spec]) => {
    const value = options[key];
    if (value === undefined) return [key, "default" in spec ? spec.default : undefined];
    if (!spec.fits(value)) throw new RangeError(`${key} ${shown(value)}: want ${spec.want}`);
    return [key, value];
  });
  return Object.fromEntries(entries) as DefaultedOf<Table>;
}

const shown = (value: unknown): string => (typeof value === "object" ? (JSON.stringify(value)?.slice(0, 60) ?? "") : String(value));
