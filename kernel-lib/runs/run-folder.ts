/** @file Opens a run's folder and checks all of its content. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { CheckpointError } from "../core/errors.js";
import { decodeImage } from "../core/image.js";
import type { Tensor } from "../core/tensor.js";
import type { RunInfo, StepNumbers } from "./run-data.js";

/** A run that was read from its folder. */
export interface SavedRun {
  readonly dir: string;
  readonly info: RunInfo;
  /** the finished steps' numbers */
  readonly steps: readonly StepNumbers[];
  /** [1,3,H,W] in [0,1]; absent if the run was stopped */
  readonly panorama?: Tensor;
  /** JPEG files of the foreseen panoramas that were kept, in the order of their steps; read one with `decodeImage` */
  readonly foreseen: readonly { readonly step: number; readonly file: string }[];
}

/** File name of a step's foreseen panorama. */
export const foreseenName = (step: number): string => `${String(step).padStart(3, "0")}.jpg`;

/**
 * Opens the folder of a finished or stopped run; `info.complete` says which.
 * @throws CheckpointError with the file, what was expected and what was found
 */
export async function openRun(dir: string): Promise<SavedRun> {
  const infoFile = join(dir, "run.json");
  const info = (await readJson(infoFile)) as RunInfo;
  expectFits(infoFile, "", info, INFO);
  const stepsFile = join(dir, "steps.json");
  const { steps } = expectFits(stepsFile, "", await readJson(stepsFile), { format: is(1), steps: list(STEP) }) as { steps: StepNumbers[] };
  for (const [k, { index }] of steps.entries())
    if (index !== k) throw new CheckpointError(stepsFile, { expected: `steps[${k}].index: ${k}`, found: String(index) });

  const names = await readdir(join(dir, "foreseen")).catch((): string[] => []);
  const foreseen = steps.flatMap(({ index }) =>
    names.includes(foreseenName(index)) ? [{ step: index, file: join(dir, "foreseen", foreseenName(index)) }] : [],
  );
  if (!info.complete) return { dir, info, steps, foreseen };
  const file = join(dir, "panorama.png");
  const panorama = await decodeImage(file);
  const [, , height, width] = panorama.shape;
  if (width !== info.width || height !== info.height)
    throw new CheckpointError(file, { expected: `${info.width} × ${info.height} pixels, as run.json says`, found: `${width} × ${height}` });
  return { dir, info, steps, panorama, foreseen };
}

/** What a folder holds: nothing (or there is no folder), a run, or other files, which a run never overwrites. */
export async function folderHolds(dir: string): Promise<"nothing" | "run" | "other"> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new CheckpointError(dir, {
      expected: "a folder",
      found: error.code === "ENOTDIR" ? "a file" : error.message,
      fix: "choose another folder",
    });
  });
  if (names.length === 0) return "nothing";
  const text = await readFile(join(dir, "run.json"), "utf8").catch(() => "");
  return /"format"\s*:\s*1\b/.test(text) ? "run" : "other";
}

async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new CheckpointError(file, {
      expected: "a file of a run",
      found: error.code === "ENOENT" ? "no file" : error.message,
      fix: "give the folder that a run was saved to",
    });
  });
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CheckpointError(file, { expected: "JSON", found: error instanceof Error ? error.message : String(error) });
  }
}

/** What a value must be: a test with its description, an object's fields, or a list. */
type Form =
  | { readonly words: string; readonly test: (value: unknown) => boolean }
  | { readonly [key: string]: Form }
  | { readonly each: Form };

const form = (words: string, test: (value: unknown) => boolean): Form => ({ words, test });
const is = (wanted: unknown): Form => form(JSON.stringify(wanted), (value) => value === wanted);
const oneOf = (...wanted: unknown[]): Form => form(`one of ${JSON.stringify(wanted)}`, (value) => wanted.includes(value));
const list = (each: Form): Form => ({ each });
const absentOr = (inner: { words: string; test: (value: unknown) => boolean }): Form =>
  form(`${inner.words}, or nothing`, (value) => value === undefined || inner.test(value));
const number = { words: "a number", test: (value: unknown) => typeof value === "number" && Number.isFinite(value) };
const count = form("a whole number >= 0", (value) => Number.isInteger(value) && (value as number) >= 0);
const size = { words: "a whole number >= 1", test: (value: unknown) => Number.isInteger(value) && (value as number) >= 1 };
const text = { words: "a text", test: (value: unknown) => typeof value === "string" };
const texts = form("an object of texts", (value) => isObject(value) && Object.values(value).every((entry) => typeof entry === "string"));
const isSeries = (value: unknown): boolean =>
  isObject(value) &&
  ["name", "title", "unit"].every((key) => typeof value[key] === "string") &&
  ["step", "window"].includes(String(value.per));
const seriesList = { words: "a list of series", test: (value: unknown) => Array.isArray(value) && value.every(isSeries) };
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

const STEP: Form = {
  index: count,
  timestep: number,
  weight: number,
  anchor: form("a whole number >= -1", (value) => Number.isInteger(value) && (value as number) >= -1),
  windows: list({ top: count, left: count, height: size, width: size, loss: absentOr(number), gradientNorm: absentOr(number) }),
  seconds: absentOr(number),
};

const INFO: Form = {
  format: is(1),
  complete: oneOf(true, false),
  stopped: absentOr(text),
  method: form("a method's name", (value) => typeof value === "string" && /^[a-z][a-z0-9-]*$/.test(value)),
  title: absentOr(text),
  series: absentOr(seriesList),
  options: form("an object", isObject),
  model: { name: text, digest: text, device: text, precision: absentOr(text), threads: number },
  batch: { noise: absentOr(size), gradient: absentOr(size) },
  versions: texts,
  width: size,
  height: size,
  scaleFactor: size,
  coverage: { projection: oneOf("cylinder", "equirectangular"), horizontal: number, vertical: number, edge: oneOf("wrap", "open") },
  started: text,
  seconds: number,
};

/** Checks a value against its form. @throws CheckpointError with the path of the first mismatch */
function expectFits(file: string, path: string, value: unknown, wanted: Form): unknown {
  const refuse = (expected: string): never => {
    const found = JSON.stringify(value) ?? "nothing";
    throw new CheckpointError(file, {
      expected: `${path === "" ? "" : `${path}: `}${expected}`,
      found: found.length > 80 ? `${found.slice(0, 77)}...` : found,
    });
  };
  if ("test" in wanted && typeof wanted.test === "function") return wanted.test(value) ? value : refuse(String(wanted.words));
  if ("each" in wanted) {
    if (!Array.isArray(value)) return refuse("a list");
    for (const [k, entry] of value.entries()) expectFits(file, `${path}[${k}]`, entry, wanted.each as Form);
    return value;
  }
  if (!isObject(value)) return refuse("an object");
  for (const [key, inner] of Object.entries(wanted)) expectFits(file, path === "" ? key : `${path}.${key}`, value[key], inner as Form);
  return value;
}
