/**
 * @file What the config readers of several networks share. Absent keys have the defaults of diffusers and transformers. An option that would
 * change a network and is not built here is refused by name; nothing is guessed.
 */
import type { Fields } from "../core/fields.js";

/** The range of layers_per_block. */
export const LAYERS = { min: 1, max: 64 };

/** Refuses channels that the groups of the norms do not divide. */
export function expectDivisible(f: Fields, channels: readonly number[], groups: number): void {
  if (channels.some((c) => c % groups !== 0)) f.refuse("block_out_channels", `multiples of norm_num_groups ${groups}`, channels);
}
