/** @file A sweep's plan: what a file or a program says of many runs, and its checks. */

import { brief, isObject, type JsonObject } from "../core/json.js";
import { nearestNames } from "../core/nearest-names.js";
import { PREDICTIONS, type Prediction } from "../diffusion/notation.js";
import { DEVICE_CHOICES, type DeviceChoice } from "../engine/device.js";
import { PRECISIONS, type Precision } from "../graph/half.js";
import type { Family } from "../methods/method.js";
import { METRIC_NETWORKS, type MetricNetworkName } from "../pipelines/metric-networks.js";
import { checkOption, optionNames, type SweptOptions } from "./plan-options.js";

/** The commands that make runs, and the family of each. */
export const SWEEP_COMMANDS = { paint: "panorama", edit: "edit", scene: "pyramid" } as const satisfies Readonly<Record<string, Family>>;
/** A command that makes runs. */
export type SweepCommand = keyof typeof SWEEP_COMMANDS;

/** Whole numbers from `from` on. */
export interface SweepRange {
  readonly from: number;
  readonly count: number;
}

/** What is measured when all runs are there. */
export interface SweepMeasure {
  /** names of columns of `veduta measure`; default all that the networks allow */
  readonly metrics?: readonly string[];
  /** networks by name; default the bundled judge */
  readonly networks?: readonly MetricNetworkName[];
  /** a folder of reference pictures, for FID, KID and GIQA */
  readonly against?: string;
  /** side of the square crops in pixels; default the picture's height */
  readonly crop?: number;
}

/** Many runs. The order is the grid's, its first key slowest, then `runs`. */
export interface SweepPlan {
  readonly format: 1;
  /** the command that makes the runs; default "paint" */
  readonly command?: SweepCommand;
  /** a checkpoint's folder, single file or name; default the command's */
  readonly model?: string;
  readonly device?: DeviceChoice;
  readonly precision?: Precision;
  /** windows or rows per network call; default from the memory that is free */
  readonly batch?: number;
  /** what the U-Net of a single file predicts */
  readonly prediction?: Prediction;
  readonly controlNet?: readonly string[];
  readonly lora?: readonly string[];
  readonly embedding?: readonly string[];
  /** options that all runs share, by the library's names; `method` is one */
  readonly fixed?: SweptOptions;
  /** lists of values: every combination is a run */
  readonly grid?: Readonly<Record<string, readonly unknown[] | SweepRange>>;
  /** single runs */
  readonly runs?: readonly SweptOptions[];
  readonly measure?: SweepMeasure;
}

/** The most runs of a plan. */
export const MOST_RUNS = 1_000_000;

/**
 * Checks a plan.
 * @param source what errors call it, such as its file
 * @throws RangeError: the place in the plan, what stands there, what is wanted
 */
export function parsePlan(source: string, value: unknown): SweepPlan {
  const refuse = refusal(source);
  if (!isObject(value)) throw refuse("", value, "an object");
  expectKeys(value, PLAN_KEYS, "", refuse);
  if (value.format !== 1) throw refuse("format", value.format, "1");
  const { command = "paint", fixed, grid, runs, measure } = value;
  if (!isCommand(command)) throw refuse("command", command, Object.keys(SWEEP_COMMANDS).join(", "));
  for (const [name, form] of Object.entries(FORMS))
    if (value[name] !== undefined && !form.fits(value[name])) throw refuse(name, value[name], form.want);
  const family = SWEEP_COMMANDS[command];
  const options = (place: string, given: unknown) => {
    if (!isObject(given)) throw refuse(place, given, "an object of options");
    expectKeys(given, optionNames(family), place, refuse);
    for (const [name, each] of Object.entries(given)) expectOption(family, name, each, `${place}.${name}`, refuse);
  };
  if (fixed !== undefined) options("fixed", fixed);
  if (grid !== undefined) checkGrid(family, grid, refuse);
  if (runs !== undefined) {
    if (!Array.isArray(runs) || runs.length === 0) throw refuse("runs", runs, "a list of objects, at least one");
    for (const [k, run] of runs.entries()) options(`runs[${k}]`, run);
  }
  if (measure !== undefined) checkMeasure(measure, refuse);
  const plan = value as unknown as SweepPlan;
  const count = runCount(plan);
  if (count > MOST_RUNS)
    throw new RangeError(`${source}: the plan has ${count} runs, want at most ${MOST_RUNS}; cut the grid into several sweeps`);
  return plan;
}

/** How many runs a plan names, before those that are the same are counted once. */
export const runCount = ({ grid, runs = [] }: SweepPlan): number =>
  (grid === undefined ? (runs.length > 0 ? 0 : 1) : Object.values(grid).reduce((n, values) => n * lengthOf(values), 1)) + runs.length;

const lengthOf = (values: readonly unknown[] | SweepRange): number => ("count" in values ? values.count : values.length);

type Refuse = (place: string, got: unknown, want: string) => RangeError;

const refusal =
  (source: string): Refuse =>
  (place, got, want) =>
    new RangeError(`${source}: ${place === "" ? "" : `${place}: `}got ${brief(got)}, want ${want}`);

function expectKeys(value: JsonObject, known: readonly string[], place: string, refuse: Refuse): void {
  const wrong = Object.keys(value).find((key) => !known.includes(key));
  if (wrong === undefined) return;
  const [nearest] = nearestNames(wrong, known, 1);
  throw refuse(place, wrong, `${nearest}, or another of ${[...known].sort().join(", ")}`);
}

function expectOption(family: Family, name: string, value: unknown, place: string, refuse: Refuse): void {
  const want = checkOption(family, name, value);
  if (want !== undefined) throw refuse(place, value, Array.isArray(value) ? `${want}; lists of values belong into grid` : want);
}

function checkGrid(family: Family, grid: unknown, refuse: Refuse): void {
  if (!isObject(grid)) throw refuse("grid", grid, "an object of lists");
  expectKeys(grid, optionNames(family), "grid", refuse);
  for (const [name, values] of Object.entries(grid)) {
    const place = `grid.${name}`;
    if (isObject(values)) {
      expectKeys(values, ["from", "count"], place, refuse);
      const { from, count } = values;
      if (!isWhole(from, 0)) throw refuse(`${place}.from`, from, "a whole number >= 0");
      if (!isWhole(count, 1)) throw refuse(`${place}.count`, count, "a whole number >= 1");
      expectOption(family, name, from, place, refuse);
    } else if (!Array.isArray(values) || values.length === 0)
      throw refuse(place, values, "a list of values, at least one, or { from, count }");
    else for (const [k, each] of values.entries()) expectOption(family, name, each, `${place}[${k}]`, refuse);
  }
}

function checkMeasure(measure: unknown, refuse: Refuse): void {
  if (!isObject(measure)) throw refuse("measure", measure, "an object");
  expectKeys(measure, Object.keys(MEASURE_FORMS), "measure", refuse);
  for (const [name, form] of Object.entries(MEASURE_FORMS))
    if (measure[name] !== undefined && !form.fits(measure[name])) throw refuse(`measure.${name}`, measure[name], form.want);
}

const isCommand = (value: unknown): value is SweepCommand => typeof value === "string" && Object.hasOwn(SWEEP_COMMANDS, value);
const isWhole = (value: unknown, least: number): boolean => Number.isSafeInteger(value) && Number(value) >= least;
const isText = (value: unknown): boolean => typeof value === "string" && value !== "";

interface ValueForm {
  readonly want: string;
  readonly fits: (value: unknown) => boolean;
}
const TEXT: ValueForm = { want: "a text", fits: isText };
const TEXTS: ValueForm = { want: "a list of texts", fits: (value) => Array.isArray(value) && value.every(isText) };
const COUNT: ValueForm = { want: "a whole number >= 1", fits: (value) => isWhole(value, 1) };
const choice = (names: readonly string[]): ValueForm => ({ want: names.join(", "), fits: (value) => names.includes(value as string) });

/** What the plan says beside its runs. */
const FORMS: Readonly<Record<string, ValueForm>> = {
  model: TEXT,
  device: choice(DEVICE_CHOICES),
  precision: choice(PRECISIONS),
  prediction: choice(PREDICTIONS),
  batch: COUNT,
  controlNet: TEXTS,
  lora: TEXTS,
  embedding: TEXTS,
};
const PLAN_KEYS: readonly string[] = ["format", "command", ...Object.keys(FORMS), "fixed", "grid", "runs", "measure"];
const MEASURE_FORMS: Readonly<Record<string, ValueForm>> = {
  metrics: TEXTS,
  networks: {
    want: `a list of ${METRIC_NETWORKS.join(", ")}`,
    fits: (value) => Array.isArray(value) && value.every((name) => METRIC_NETWORKS.includes(name)),
  },
  against: TEXT,
  crop: COUNT,
};
