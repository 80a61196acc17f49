/** @file Words of the command line into values; a word that is none says what would be one. */
import { InvalidArgumentError } from "commander";

/** A parser of whole numbers from `least` on. */
export const wholeNumber =
  (least: number) =>
  (word: string): number => {
    const value = Number(word);
    if (!/^\d+$/.test(word.trim()) || !Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`Want a whole number, ${least} or more.`);
    return value;
  };

/** A parser of numbers, fractions among them, from `least` on. */
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

/** "middle", or a window's index. */
export const anchorName = (word: string): "middle" | number => {
  if (word === "middle") return word;
  if (!/^\d+$/.test(word)) throw new InvalidArgumentError('Want "middle", or a window\'s index, from 0.');
  return Number(word);
};
