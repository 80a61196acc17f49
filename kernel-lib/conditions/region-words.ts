/** @file Regions in words of a command line: PROMPT=x,y,width,height or PROMPT=mask.png, and =NEGATIVE PROMPT after either. */
import { readMask } from "./mask-file.js";
import type { Region } from "./regions.js";

/**
 * Parses regions and reads the masks that they name.
 * @throws RangeError for a word of another form; CheckpointError for a file that is missing or no picture
 */
export const regionsOfWords = (words: readonly string[]): Promise<readonly Region[]> => Promise.all(words.map(regionOfWord));

async function regionOfWord(word: string): Promise<Region> {
  const [prompt, place = "", negativePrompt, ...more] = word.split("=").map((part) => part.trim());
  if (prompt === "" || place === "" || more.length > 0)
    throw new RangeError(
      `got ${JSON.stringify(word)}, want PROMPT=x,y,width,height in shares of the panorama or PROMPT=mask.png, such as "sea at noon=0.5,0,0.5,1"`,
    );
  const words = { prompt, ...(negativePrompt !== undefined && { negativePrompt }) };
  const numbers = place.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (!numbers.every(Number.isFinite)) return { ...words, mask: await readMask(place) };
  const [x, y, width, height] = numbers;
  if (numbers.length !== 4)
    throw new RangeError(`got ${JSON.stringify(word)} with ${numbers.length} numbers, want x,y,width,height in shares of the panorama`);
  return { ...words, box: [x, y, width, height] };
}

/** A region as a word; a mask's file lies in the run's folder. @param k its index */
export const regionWord = ({ prompt, negativePrompt, box }: Region, k: number): string =>
  [prompt, box ? box.join(",") : regionMaskName(k), ...(negativePrompt === undefined ? [] : [negativePrompt])].join("=");

/** The folder of the regions' masks in a run's folder. */
export const REGION_MASKS = "regions";

/** The file of a region's mask in a run's folder. @param k the region's index */
export const regionMaskName = (k: number): string => `${REGION_MASKS}/${k + 1}.png`;
