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

/** Parses "middle" or a window's index. */
export const anchorName = (word: string): "middle" | number => {
  if (word === "middle") return word;
  if (!/^\d+$/.test(word)) throw new InvalidArgumentError('Want "middle", or a window\'s index, from 0.');
  return Number(word);
};
