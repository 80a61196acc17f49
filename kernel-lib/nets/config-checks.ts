/**
 * @file What the config readers of several networks share. Absent keys have the defaults of diffusers and transformers. An option that would
 * change a network and is not built here is refused by name; nothing is guessed.
 */
import { misfit, whole } from "../core/forms.js";

/** Of layers_per_block. */
export const layers = whole({ max: 64 });

/** Refuses channels that the groups of the norms do not divide. */
export function expectDivisible(file: string, channels: readonly number[], groups: number): void {
  if (channels.some((c) => c % groups !== 0)) throw misfit(file, "block_out_channels", `multiples of norm_num_groups ${groups}`, channels);
}

/** Refuses a list that has not one entry per level. */
export function expectPerLevel(file: string, key: string, entries: readonly unknown[], levels: number): void {
  if (entries.length !== levels) throw misfit(file, key, `${levels} entries, one per level of block_out_channels`, entries);
}
