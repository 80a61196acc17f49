/** @file A share of a sweep: every n-th run of the plan's order. */

/** The runs index, index + of, index + 2·of, … */
export interface Shard {
  /** from 0 */
  readonly index: number;
  readonly of: number;
}

/** Whether a run belongs to a shard. @param place of the run in the plan, from 0  @param shard default all runs */
export const inShard = (place: number, shard?: Shard): boolean => shard === undefined || place % shard.of === shard.index;

/** Reads "3/16". @throws RangeError for anything but I/N with 0 <= I < N */
export function parseShard(word: string): Shard {
  const [, index, of] = /^(\d{1,7})\/(\d{1,7})$/.exec(word) ?? [];
  if (of === undefined || Number(index) >= Number(of))
    throw new RangeError(`got ${word}, want I/N with 0 <= I < N, such as 0/16 for the first of 16`);
  return { index: Number(index), of: Number(of) };
}
