/** @file What gradients cannot do: parameters that a training replaces every so many steps. */
import type { Rng } from "../../kernel-lib/core/random.js";
import { createRng } from "../../kernel-lib/core/random.js";
import type { Tensor } from "../../kernel-lib/core/tensor.js";
import type { Slot, TrainingArrays } from "./layout.js";

/** New values for elements of a parameter, which its gradient has not brought about. */
export interface Replacement {
  /** of the parameter */
  readonly key: string;
  /** the first element that is replaced */
  readonly from: number;
  readonly values: Float32Array;
}

/**
 * Finds what to replace. It depends on the parameters and the random stream alone, so that a training which stops and goes on replaces the same.
 */
export interface Reviser {
  revise(parameters: Readonly<Record<string, Tensor>>, rng: Rng): Promise<readonly Replacement[]>;
  close(): Promise<void>;
}

/** A training's replacements. */
export interface Revision {
  /** steps from one to the next */
  readonly every: number;
  /** Called once, in the main thread, before the first step. */
  open(): Promise<Reviser>;
}

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
