/** @file The runs of a sweep as rows: what each was asked for, and what its folder says of it. */
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Series } from "../methods/method.js";
import { methodInfo } from "../methods/methods.js";
import type { RunInfo, StepNumbers } from "../runs/run-data.js";
import { pictureName } from "../runs/run-folder.js";
import { type FailedRun, readFailed, runFolder, runsThere, type SweepFolder, type SweepRun } from "./sweep-folder.js";

/** One run. */
export interface SweepRow {
  readonly run: SweepRun;
  /** how it is painted, in the words of what differs within the sweep: runs of one variant differ in what they show alone */
  readonly variant: string;
  /** what it shows, but for its seed */
  readonly subject: string;
  readonly state: "there" | "failed" | "missing";
  readonly failed?: FailedRun;
  /** of a run that is there */
  readonly made?: MadeRun;
}

/** What a run's folder says. */
export interface MadeRun {
  /** its picture's file */
  readonly picture: string;
  readonly width: number;
  readonly height: number;
  readonly steps: number;
  readonly seconds: number;
  readonly device: string;
  readonly precision: string;
  /** of Veduta */
  readonly version: string;
  readonly series: readonly Series[];
  /** of the last step that measured them, by their series' names: means over its windows, without the anchor's distance to itself */
  readonly numbers: Readonly<Record<string, number>>;
}

/** Options that say what a picture shows; the others say how it is made. */
const SUBJECT = ["prompt", "negativePrompt", "sourcePrompt", "image", "init", "layout", "labels", "graph"] as const;
const SHOWN: ReadonlySet<string> = new Set([...SUBJECT, "seed"]);

/** The rows of a sweep, in the plan's order. */
export async function sweepRows(folder: SweepFolder): Promise<readonly SweepRow[]> {
  const [there, failed] = [await runsThere(folder), await readFailed(folder)];
  const variantOf = variants(folder.runs);
  const rows: SweepRow[] = [];
  for (const run of folder.runs) {
    const words = { run, variant: variantOf(run), subject: subjectOf(run) };
    const reason = failed.get(run.key);
    if (there.has(run.key)) rows.push({ ...words, state: "there", made: await madeRun(folder.dir, run.key) });
    else rows.push(reason ? { ...words, state: "failed", failed: reason } : { ...words, state: "missing" });
  }
  return rows;
}

/** Names each run by the options that differ within the sweep, beside those that say what it shows. */
export function variants(runs: readonly SweepRun[]): (run: SweepRun) => string {
  const seen = new Map<string, Set<string>>();
  for (const { options } of runs)
    for (const [name, value] of Object.entries(options))
      if (!SHOWN.has(name)) seen.set(name, (seen.get(name) ?? new Set()).add(JSON.stringify(value)));
  const differ = [...seen].filter(([, values]) => values.size > 1).map(([name]) => name);
  return ({ method, options }) =>
    [
      methodInfo(method)?.title ?? method,
      ...differ.filter((name) => options[name] !== undefined).map((name) => `${name} ${inWords(options[name])}`),
    ].join(", ");
}

/** What a run shows, in words, but for its seed. */
export const subjectOf = ({ options }: SweepRun): string =>
  SUBJECT.flatMap((name) =>
    options[name] === undefined ? [] : [name === "prompt" ? String(options[name]) : `${name} ${inWords(options[name])}`],
  ).join(", ");

/** An option's value in words. */
export const inWords = (value: unknown): string =>
  typeof value === "string"
    ? value
    : Array.isArray(value) && value.every((each) => typeof each === "string")
      ? value.map((each) => basename(each)).join(", ")
      : JSON.stringify(value);

async function madeRun(dir: string, key: string): Promise<MadeRun> {
  const folder = runFolder(dir, key);
  const read = async (name: string): Promise<unknown> => JSON.parse(await readFile(join(folder, name), "utf8"));
  const info = (await read("run.json")) as RunInfo;
  const { steps } = (await read("steps.json")) as { readonly steps: readonly StepNumbers[] };
  const { width, height, seconds, versions, series = [] } = info;
  const { device, precision = "float32" } = info.model;
  const version = versions.veduta ?? "";
  const numbers = lastNumbers(info, steps);
  return {
    picture: join(folder, pictureName(info)),
    width,
    height,
    steps: steps.length,
    seconds,
    device,
    precision,
    version,
    series,
    numbers,
  };
}

/** The numbers of each series in the last step that has them. */
function lastNumbers({ series = [] }: RunInfo, steps: readonly StepNumbers[]): Record<string, number> {
  const entries = series.flatMap(({ name, per }) => {
    for (const { anchor, windows, series: ofStep } of steps.toReversed()) {
      const own = windows.flatMap((window, j) => (name === "loss" && j === anchor ? [] : (window[name] ?? [])));
      const value = per === "step" ? ofStep?.[name] : own.length > 0 ? own.reduce((a, b) => a + b, 0) / own.length : undefined;
      if (value !== undefined) return [[name, value] as const];
    }
    return [];
  });
  return Object.fromEntries(entries);
}
