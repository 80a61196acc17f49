/** @file Where the sky of a landscape ends, column by column. */
import type { THINGS, ThingMap } from "./things.js";

/** Things that stand in the sky. */
const IN_THE_SKY: readonly string[] = ["sun", "moon", "cloud"] satisfies (typeof THINGS)[number][];

/** Whether things of this class stand in the sky. */
export const isInTheSky = (what: (typeof THINGS)[number]): boolean => IN_THE_SKY.includes(what);

/**
 * The first row from above, in each column, that shows a thing which does not stand in the sky: the crest of peaks, roofs, firs, or the water's edge.
 * @returns [W]; the height where a column shows none
 */
export function skylineRows({ ids, things, width }: ThingMap): Float32Array {
  const height = ids.length / width;
  const stands = [false, ...things.map((what) => !isInTheSky(what))];
  return Float32Array.from({ length: width }, (_, x) => {
    for (let y = 0; y < height; y++) if (stands[ids[y * width + x]]) return y;
    return height;
  });
}
