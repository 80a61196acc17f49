/**
 * @file What the config readers of several networks share. Absent keys have the defaults of diffusers and transformers. An option that would
 * change a network and is not built here is refused by name; nothing is guessed.
 */
import { either, misfit, whole, wholes } from "../core/forms.js";

/** Of layers_per_block. */
export const layers = whole({ max: 64 });

/** Of attention_head_dim and num_attention_heads: one number for all levels, or one each. */
export const headCounts = either(whole(), wholes, "a whole number from 1 to 65536, or a list of them");

/**
 * Attention heads of each level. diffusers takes attention_head_dim for the number of heads; num_attention_heads, where it is there, has the same
 * meaning and goes first.
 */
export function headsPerLevel(
  file: string,
  config: { readonly num_attention_heads?: number | readonly number[] | null; readonly attention_head_dim: number | readonly number[] },
  levels: number,
): readonly number[] {
  const key = config.num_attention_heads ? "num_attention_heads" : "attention_head_dim";
  const heads = config[key] ?? config.attention_head_dim;
  if (typeof heads === "number") return Array<number>(levels).fill(heads);
  if (heads.length !== levels) throw misfit(file, key, `a number, or ${levels}, one per level of block_out_channels`, heads);
  return heads;
}

/** Refuses channels that the groups of the norms do not divide. */
export function expectDivisible(file: string, channels: readonly number[], groups: number): void {
  if (channels.some((c) => c % groups !== 0)) throw misfit(file, "block_out_channels", `multiples of norm_num_groups ${groups}`, channels);
}

/** Refuses a list that has not one entry per level. */
export function expectPerLevel(file: string, key: string, entries: readonly unknown[], levels: number): void {
  if (entries.length !== levels) throw misfit(file, key, `${levels} entries, one per level of block_out_channels`, entries);
}
