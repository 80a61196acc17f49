/** @file Parsers of command-line values; their errors say what is valid. */
import { InvalidArgumentError } from "commander";

/** Makes a parser of whole numbers, `least` or more. */
export const wholeNumber =
  (least: number) =>
  (word: string): number => {
    const value = Number(word);
    if (!/^\d+$/.test(word.trim()) || !Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`Want a whole number, ${least} or more.`);
    return value;
  };

/** Makes a parser of numbers, `least` or more. */
export const number =
  (least: number) =>
  (word: string): number => {
    const value = Number(word);
    if (word.trim() === "" || !Number.isFinite(value) || value < least)
      throw new InvalidArgumentError(
        `Want a number${least === Number.NEGATIVE_INFINITY ? "" : `, ${least} or more`}, such as ${Math.max(1, least) + 0.5}.`,
      );
    return value;
  };

/** Makes a parser of a list of names, separated by commas. */
export const listOfNames =
  (known: readonly string[]) =>
  (words: string): readonly string[] => {
    const names = words.split(",").map((word) => word.trim());
    const wrong = names.find((name) => !known.includes(name));
    if (wrong !== undefined) throw new InvalidArgumentError(`Got ${JSON.stringify(wrong)}, want names out of ${known.join(", ")}.`);
    return [...new Set(names)];
  };

/** Parses seeds: "8" is 1 to 8, "3,5" are those, "2..5" is 2 to 5. */
export function listOfSeeds(words: string): readonly number[] {
  const from = (first: number, last: number) => Array.from({ length: Math.max(0, last - first + 1) }, (_, k) => first + k);
  const range = /^(\d+)\.\.(\d+)$/.exec(words);
  const seeds = /^\d+$/.test(words)
    ? from(1, Number(words))
    : range
      ? from(Number(range[1]), Number(range[2]))
      : words.split(",").map(Number);
  if (seeds.length === 0 || seeds.length > 10_000 || !seeds.every((seed) => Number.isSafeInteger(seed) && seed >= 0))
    throw new InvalidArgumentError("Want a number of seeds such as 8, a list such as 3,5,8, or a range such as 1..8.");
  return [...new Set(seeds)];
}
