/** @file A training's state on disk: parameters, AdamW's means, the average, steps and seconds. Written whole or not at all. */
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { readSafetensors, writeSafetensors } from "../../kernel-lib/checkpoint/safetensors.js";
import { createRng } from "../../kernel-lib/core/random.js";
import type { Tensor } from "../../kernel-lib/core/tensor.js";
import { tensor } from "../../kernel-lib/core/tensor.js";
import type { Slot, TrainingArrays } from "./layout.js";
import { flatten, unflatten } from "./layout.js";
import type { Training, Weights } from "./training.js";

const ARRAYS = ["parameters", "first", "second", "average"] as const;

export interface Progress {
  step: number;
  /** of training, over all sittings */
  seconds: number;
}

/**
 * Fills the arrays from the first of these that is there: the state file, another training's state file (`from`; a branch begins at 0
 * seconds and goes on with its steps), the training's own start weights, initial numbers.
 */
export function loadState(training: Training, slots: readonly Slot[], arrays: TrainingArrays, file: string, from?: string): Progress {
  const found = [file, from].find((each): each is string => each !== undefined && existsSync(each));
  if (found !== undefined) {
    const tensors = readSafetensors(found);
    for (const part of ARRAYS) {
      const prefix = `${part}/`;
      const own = Object.entries(tensors).filter(([key]) => key.startsWith(prefix));
      flatten(found, slots, Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value])), arrays[part]);
    }
    return { step: tensors.step.data[0], seconds: found === file ? tensors.seconds.data[0] : 0 };
  }
  if (from !== undefined) throw new Error(`train ${training.name}: ${from} is missing; train that part first`);
  const start = training.start?.();
  const rng = createRng(training.seed);
  const initial = (): Weights =>
    Object.fromEntries(slots.map(({ key, shape }) => [key, { data: training.initial(key, shape, rng), shape }]));
  flatten(training.name, slots, start ?? initial(), arrays.parameters);
  arrays.average.set(arrays.parameters);
  return { step: 0, seconds: 0 };
}

export function saveState(slots: readonly Slot[], arrays: TrainingArrays, file: string, { step, seconds }: Progress): void {
  const all: Record<string, Tensor> = { step: tensor([step], [1]), seconds: tensor([seconds], [1]) };
  for (const part of ARRAYS) for (const [key, x] of Object.entries(unflatten(slots, arrays[part]))) all[`${part}/${key}`] = x;
  mkdirSync(dirname(file), { recursive: true });
  writeSafetensors(file, all);
}

/** Steps and seconds of a state file without its arrays; undefined where there is none. */
export function readProgress(file: string): Progress | undefined {
  if (!existsSync(file)) return undefined;
  const { step, seconds } = readSafetensors(file);
  return { step: step.data[0], seconds: seconds.data[0] };
}
