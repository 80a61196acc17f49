/** @file Names of compared panoramas: by what tells them apart. */
import { basename, resolve } from "node:path";
import { counted } from "../core/words.js";

/** A panorama to be named. */
export interface Named {
  readonly path: string;
  /** such as "mountains (sync)" */
  readonly name: string;
  /** of a run */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** Options that are told in a label, and in which words. */
const TOLD: Readonly<Record<string, (value: unknown) => string>> = {
  seed: (value) => `seed ${value}`,
  steps: (value) => counted(Number(value), "step"),
  weight: (value) => `weight ${value}`,
  decay: (value) => `decay ${value}`,
  syncSteps: (value) => `sync steps ${value}`,
  syncEvery: (value) => `sync every ${value}`,
  gradientMode: (value) => `gradient mode ${value}`,
  startAlign: (value) => `start align ${value}`,
  anchor: (value) => `anchor ${value}`,
  sampler: (value) => `${value}`,
  guidanceScale: (value) => `guidance ${value}`,
  stride: (value) => `stride ${value}`,
  width: (value) => `${value} px wide`,
  height: (value) => `${value} px high`,
  loop: (value) => (value ? "closed" : "open"),
};

/** A name for each, all different: as they are where that is enough, else with the options that differ, else with the folder. */
export function labels(all: readonly Named[]): readonly string[] {
  const names = all.map(({ name }) => name);
  if (allDiffer(names)) return names;
  const differing = Object.keys(TOLD).filter((key) => new Set(all.map(({ options }) => JSON.stringify(options?.[key]))).size > 1);
  const told = all.map(({ name, options }) =>
    [name, ...differing.flatMap((key) => (isPlain(options?.[key]) ? [TOLD[key](options?.[key])] : []))].join(", "),
  );
  if (allDiffer(told)) return told;
  const folders = all.map(({ path }, k) => `${told[k]}, ${basename(resolve(path))}`);
  return allDiffer(folders) ? folders : all.map(({ path }, k) => `${told[k]}, ${path}`);
}

const allDiffer = (names: readonly string[]): boolean => new Set(names).size === names.length;
const isPlain = (value: unknown): boolean => ["string", "number", "boolean"].includes(typeof value);
