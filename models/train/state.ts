/** @file A training's state on disk: parameters, AdamW's means, the average, steps and seconds. Written whole or not at all. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createRng } from "../../kernel-lib/core/random.js";
import { openSafetensors, readSafetensors, writeSafetensors } from "../../kernel-lib/weights/safetensors.js";
import type { Slot, TrainingArrays } from "./layout.js";
import { flatten, unflatten } from "./layout.js";
import type { Training, Weights } from "./training.js";

const ARRAYS = ["parameters", "first", "second", "average"] as const;

export interface Progress {
  /** of the parameters: a branch counts on from the step that it began with */
  step: number;
  /** the step that this sitting began with */
  readonly begun: number;
  /** of training, over all sittings */
  seconds: number;
}

export interface StateFiles {
  /** states, which are not in the repository */
  readonly folder: string;
  /** averaged parameters of states, in the repository: what is left where the states are gone */
  readonly kept: string;
  /** of parts that are done and shipped, and that no other part goes on from */
  readonly records?: Readonly<Record<string, ShippedRecord>>;
}

/** Where it is written how a shipped part was trained: a model's training.json, and the name there. */
export interface ShippedRecord {
  readonly file: string;
  readonly name: string;
}

export const stateFile = ({ folder }: StateFiles, name: string): string => join(folder, `${name}.safetensors`);
const keptFile = ({ kept }: StateFiles, name: string): string => join(kept, `${name}.safetensors`);

/**
 * Fills the arrays from the first of these that is there: the sitting's state, its kept parameters, the state and the kept parameters of the
 * sitting that it branches from, the training's start weights, initial numbers. Kept parameters have no running
 * means of the gradient: these begin at 0.
 */
export function loadState(
  { name, training, from }: { readonly name: string; readonly training: Training; readonly from?: string },
  slots: readonly Slot[],
  arrays: TrainingArrays,
  files: StateFiles,
): Progress {
  for (const each of from === undefined ? [name] : [name, from]) {
    const found = [stateFile(files, each), keptFile(files, each)].find(existsSync);
    if (found === undefined) continue;
    const tensors = readSafetensors(found);
    for (const part of ARRAYS) {
      const own = Object.entries(tensors).filter(([key]) => key.startsWith(`${part}/`));
      const weights = Object.fromEntries(own.map(([key, value]) => [key.slice(part.length + 1), value]));
      if (own.length > 0) flatten(found, slots, weights, arrays[part]);
    }
    if (found === keptFile(files, each)) arrays.parameters.set(arrays.average);
    const progress = progressOf(found);
    return each === name ? progress : { step: progress.step, begun: progress.step, seconds: 0 };
  }
  if (from !== undefined) throw new Error(`train ${name}: ${stateFile(files, from)} is missing; train that part first`);
  const rng = createRng(training.seed);
  const initial = (): Weights =>
    Object.fromEntries(slots.map(({ key, shape }) => [key, { data: training.initial(key, shape, rng), shape }]));
  flatten(training.name, slots, training.start?.() ?? initial(), arrays.parameters);
  arrays.average.set(arrays.parameters);
  return { step: 0, begun: 0, seconds: 0 };
}

/** A training's average where its state is gone and only the kept parameters are left; undefined where the state is there, or nothing is. */
export function keptAverage(name: string, files: StateFiles): Weights | undefined {
  const kept = keptFile(files, name);
  if (existsSync(stateFile(files, name)) || !existsSync(kept)) return undefined;
  const entries = Object.entries(readSafetensors(kept)).filter(([key]) => key.startsWith("average/"));
  return Object.fromEntries(entries.map(([key, value]) => [key.slice("average/".length), value]));
}

/**
 * Writes the averaged parameters of a state into the repository, in half precision, unless the model that ships has as many steps.
 * @returns whether it did
 */
export function keepState(name: string, files: StateFiles): boolean {
  const state = stateFile(files, name);
  if (!existsSync(state) || shippedProgress(name, files).step >= progressOf(state).step) return false;
  const entries = Object.entries(readSafetensors(state)).filter(([key]) => key.startsWith("average/"));
  const { metadata } = openSafetensors(state);
  mkdirSync(files.kept, { recursive: true });
  writeSafetensors(keptFile(files, name), Object.fromEntries(entries), { dtype: "F16", metadata });
  return true;
}

export function saveState(slots: readonly Slot[], arrays: TrainingArrays, file: string, { step, begun, seconds }: Progress): void {
  const tensors = ARRAYS.flatMap((part) =>
    Object.entries(unflatten(slots, arrays[part])).map(([key, x]) => [`${part}/${key}`, x] as const),
  );
  mkdirSync(dirname(file), { recursive: true });
  writeSafetensors(file, Object.fromEntries(tensors), { metadata: { step: String(step), begun: String(begun), seconds: String(seconds) } });
}

/** How far a sitting's state is, or its kept parameters, or the model that ships; zeros where there is none of them. */
export function readProgress(name: string, files: StateFiles): Progress {
  const found = [stateFile(files, name), keptFile(files, name)].find(existsSync);
  return found === undefined ? shippedProgress(name, files) : progressOf(found);
}

function shippedProgress(name: string, { records = {} }: StateFiles): Progress {
  const shipped = records[name];
  const record = shipped && existsSync(shipped.file) ? JSON.parse(readFileSync(shipped.file, "utf8"))[shipped.name] : undefined;
  return { step: record?.steps ?? 0, begun: 0, seconds: (record?.hours ?? 0) * 3600 };
}

function progressOf(file: string): Progress {
  const { metadata } = openSafetensors(file);
  const [step, begun, seconds] = ["step", "begun", "seconds"].map((key) => Number(metadata[key] ?? Number.NaN));
  if (!(step >= begun && begun >= 0 && seconds >= 0)) throw new Error(`${file}: has no step, begun and seconds; remove it to begin anew`);
  return { step, begun, seconds };
}
