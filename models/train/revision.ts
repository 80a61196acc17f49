/** @file What gradients cannot do: parameters that a training replaces every so many steps. */
import { createRng } from "../../kernel-lib/core/random.js";
import type { Slot, TrainingArrays } from "./layout.js";
import type { Revision } from "./training.js";

/** Applies a training's revision, where it has one. */
export interface RunningRevision {
  /** To be called after each step. */
  after(step: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Replaced elements begin anew: their running means are 0, and their average is their value.
 * @param seed of the training: the random stream of a step follows from both
 */
export async function startRevision(
  revision: Revision | undefined,
  seed: number,
  slots: readonly Slot[],
  { parameters, first, second, average }: TrainingArrays,
): Promise<RunningRevision> {
  const reviser = await revision?.open();
  const views = Object.fromEntries(slots.map(({ key, shape, from, to }) => [key, { data: parameters.subarray(from, to), shape }]));
  const begins = new Map(slots.map(({ key, from }) => [key, from]));
  return {
    async after(step) {
      if (!reviser || !revision || step % revision.every !== 0) return;
      for (const { key, from, values } of await reviser.revise(views, createRng(seed * 10_000_019 + step))) {
        const at = (begins.get(key) ?? Number.NaN) + from;
        for (const array of [parameters, average]) array.set(values, at);
        for (const mean of [first, second]) mean.fill(0, at, at + values.length);
      }
    },
    close: async () => reviser?.close(),
  };
}
